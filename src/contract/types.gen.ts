// Made by `npm run generate`.
export interface paths {
    readonly "/v2/{endpointId}/run": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                /**
                 * @description Id of the upstream endpoint
                 * @example demo
                 */
                readonly endpointId: components["parameters"]["EndpointId"];
            };
            readonly cookie?: never;
        };
        readonly get?: never;
        readonly put?: never;
        /**
         * Submit a job
         * @description Large values of `input` are staged while the body arrives; everything else reaches the platform byte for byte. Answers as soon as the platform has queued the job.
         */
        readonly post: operations["submitJob"];
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/v2/{endpointId}/runsync": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                /**
                 * @description Id of the upstream endpoint
                 * @example demo
                 */
                readonly endpointId: components["parameters"]["EndpointId"];
            };
            readonly cookie?: never;
        };
        readonly get?: never;
        readonly put?: never;
        /**
         * Submit a job and wait for its result
         * @description As `run`, but answers with the result, or with the state when the wait is over.
         */
        readonly post: operations["runJobSync"];
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/v2/{endpointId}/status/{jobId}": {
        readonly parameters: {
            readonly query?: {
                /** @description Milliseconds for which the platform keeps the result; passed on */
                readonly ttl?: components["parameters"]["Ttl"];
            };
            readonly header?: never;
            readonly path: {
                /**
                 * @description Id of the upstream endpoint
                 * @example demo
                 */
                readonly endpointId: components["parameters"]["EndpointId"];
                /**
                 * @description Id of the job, as the platform gave it
                 * @example 4f2a1c9e-77aa-4b6f-8a65-1d0f3a5b9c11-u1
                 */
                readonly jobId: components["parameters"]["JobId"];
            };
            readonly cookie?: never;
        };
        /**
         * Read the state of a job
         * @description The platform's answer without secrets, links to outputs made to work without a key. Where the platform no longer knows the job, or cannot be reached, the result that the gateway has kept (its owner's alone).
         */
        readonly get: operations["getJobStatus"];
        readonly put?: never;
        /**
         * Read the state of a job, by POST
         * @description The same as GET, for clients that use POST.
         */
        readonly post: operations["postJobStatus"];
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/v2/{endpointId}/status-sync/{jobId}": {
        readonly parameters: {
            readonly query?: {
                /** @description Milliseconds to wait for the end of the job; passed on to the platform */
                readonly wait?: components["parameters"]["Wait"];
            };
            readonly header?: never;
            readonly path: {
                /**
                 * @description Id of the upstream endpoint
                 * @example demo
                 */
                readonly endpointId: components["parameters"]["EndpointId"];
                /**
                 * @description Id of the job, as the platform gave it
                 * @example 4f2a1c9e-77aa-4b6f-8a65-1d0f3a5b9c11-u1
                 */
                readonly jobId: components["parameters"]["JobId"];
            };
            readonly cookie?: never;
        };
        /**
         * Wait for the end of a job
         * @description Answers when the job has ended, or with its state when the wait is over.
         */
        readonly get: operations["waitJobStatus"];
        readonly put?: never;
        /**
         * Wait for the end of a job, by POST
         * @description The same as GET, for clients that use POST.
         */
        readonly post: operations["postWaitJobStatus"];
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/v2/{endpointId}/stream/{jobId}": {
        readonly parameters: {
            readonly query?: {
                /** @description Milliseconds to wait for the end of the job; passed on to the platform */
                readonly wait?: components["parameters"]["Wait"];
            };
            readonly header?: never;
            readonly path: {
                /**
                 * @description Id of the upstream endpoint
                 * @example demo
                 */
                readonly endpointId: components["parameters"]["EndpointId"];
                /**
                 * @description Id of the job, as the platform gave it
                 * @example 4f2a1c9e-77aa-4b6f-8a65-1d0f3a5b9c11-u1
                 */
                readonly jobId: components["parameters"]["JobId"];
            };
            readonly cookie?: never;
        };
        /**
         * Read the new chunks of a job
         * @description Every chunk is delivered once; the gateway neither buffers nor repeats the request.
         */
        readonly get: operations["streamJob"];
        readonly put?: never;
        /**
         * Read the new chunks of a job, by POST
         * @description The same as GET, for clients that use POST.
         */
        readonly post: operations["postStreamJob"];
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/v2/{endpointId}/cancel/{jobId}": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                /**
                 * @description Id of the upstream endpoint
                 * @example demo
                 */
                readonly endpointId: components["parameters"]["EndpointId"];
                /**
                 * @description Id of the job, as the platform gave it
                 * @example 4f2a1c9e-77aa-4b6f-8a65-1d0f3a5b9c11-u1
                 */
                readonly jobId: components["parameters"]["JobId"];
            };
            readonly cookie?: never;
        };
        readonly get?: never;
        readonly put?: never;
        /**
         * Cancel a job
         * @description The job's access to its files ends before the answer is delivered.
         */
        readonly post: operations["cancelJob"];
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/v2/{endpointId}/retry/{jobId}": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                /**
                 * @description Id of the upstream endpoint
                 * @example demo
                 */
                readonly endpointId: components["parameters"]["EndpointId"];
                /**
                 * @description Id of the job, as the platform gave it
                 * @example 4f2a1c9e-77aa-4b6f-8a65-1d0f3a5b9c11-u1
                 */
                readonly jobId: components["parameters"]["JobId"];
            };
            readonly cookie?: never;
        };
        readonly get?: never;
        readonly put?: never;
        /**
         * Run a failed job again
         * @description Only for jobs that failed or timed out; the job's access to its files is woken with a new expiry. A 409 says why that cannot be.
         */
        readonly post: operations["retryJob"];
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/v2/{endpointId}/jobs": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                /**
                 * @description Id of the upstream endpoint
                 * @example demo
                 */
                readonly endpointId: components["parameters"]["EndpointId"];
            };
            readonly cookie?: never;
        };
        /**
         * Find jobs by the request that submitted them
         * @description For a client that has not heard the id of its job, because it left before the answer came: the jobs that the caller has submitted with this `X-Request-ID`, the latest first. One whose id the platform has not said yet has none; ask again after `Retry-After`. Only jobs that the gateway keeps a grant of are known: in `passthrough` mode those of which it has staged, referred to or rewritten something.
         */
        readonly get: operations["findJobs"];
        readonly put?: never;
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/v2/{endpointId}/jobs/{jobId}": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                /**
                 * @description Id of the upstream endpoint
                 * @example demo
                 */
                readonly endpointId: components["parameters"]["EndpointId"];
                /**
                 * @description Id of the job, as the platform gave it
                 * @example 4f2a1c9e-77aa-4b6f-8a65-1d0f3a5b9c11-u1
                 */
                readonly jobId: components["parameters"]["JobId"];
            };
            readonly cookie?: never;
        };
        readonly get?: never;
        readonly put?: never;
        readonly post?: never;
        /**
         * Cancel a job, end its access and delete its files
         * @description The job's access to its files ends first: no instance accepts its keys for longer than `access.grantCacheSeconds`. Then the job is cancelled and its inputs and outputs are deleted. Asking again does no harm.
         */
        readonly delete: operations["deleteJob"];
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/v2/{endpointId}/sessions/{session}": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                /**
                 * @description Id of the upstream endpoint
                 * @example demo
                 */
                readonly endpointId: components["parameters"]["EndpointId"];
                /**
                 * @description Name of a session of the caller's own
                 * @example run-42
                 */
                readonly session: string;
            };
            readonly cookie?: never;
        };
        /**
         * Read what a session holds and who has it
         * @description Only the owner of the session's jobs is told that it is there.
         */
        readonly get: operations["readSession"];
        readonly put?: never;
        readonly post?: never;
        /**
         * Delete a session and its files
         * @description A session that a job has stays, with a 409 `session_running`.
         */
        readonly delete: operations["deleteSession"];
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/v2/{endpointId}/uploads": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                /**
                 * @description Id of the upstream endpoint
                 * @example demo
                 */
                readonly endpointId: components["parameters"]["EndpointId"];
            };
            readonly cookie?: never;
        };
        readonly get?: never;
        readonly put?: never;
        /**
         * Start an upload
         * @description Gives URLs to which the file's parts go, past the gateway where the store takes presigned URLs. A file that the same caller has uploaded before, told by its SHA-256, need not be sent again.
         */
        readonly post: operations["startUpload"];
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/v2/{endpointId}/uploads/{uploadId}": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                /**
                 * @description Id of the upstream endpoint
                 * @example demo
                 */
                readonly endpointId: components["parameters"]["EndpointId"];
                /**
                 * @description Id of the upload
                 * @example kejqwzcmqzz5ul2pv7e5jzk7ye
                 */
                readonly uploadId: components["parameters"]["Upload"];
            };
            readonly cookie?: never;
        };
        /**
         * Read how far an upload is
         * @description Lists the parts that have landed: from the store, or where it cannot list them from what the client has reported.
         */
        readonly get: operations["readUpload"];
        readonly put?: never;
        readonly post?: never;
        /**
         * Abort an upload, or delete its file
         * @description What has landed and what is complete is deleted, and the ref means nothing any more.
         */
        readonly delete: operations["deleteUpload"];
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/v2/{endpointId}/uploads/{uploadId}/parts": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                /**
                 * @description Id of the upstream endpoint
                 * @example demo
                 */
                readonly endpointId: components["parameters"]["EndpointId"];
                /**
                 * @description Id of the upload
                 * @example kejqwzcmqzz5ul2pv7e5jzk7ye
                 */
                readonly uploadId: components["parameters"]["Upload"];
            };
            readonly cookie?: never;
        };
        readonly get?: never;
        readonly put?: never;
        /**
         * Sign more parts
         * @description Gives URLs for parts that were not signed yet, or whose URL has ended. Parts are sent in any order, several at once; a part that is sent again replaces the one before.
         */
        readonly post: operations["signParts"];
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/v2/{endpointId}/uploads/{uploadId}/parts/{partNumber}": {
        readonly parameters: {
            readonly query: {
                /** @description The right to send this part, sealed */
                readonly claim: string;
            };
            readonly header?: never;
            readonly path: {
                /**
                 * @description Id of the upstream endpoint
                 * @example demo
                 */
                readonly endpointId: components["parameters"]["EndpointId"];
                /**
                 * @description Id of the upload
                 * @example kejqwzcmqzz5ul2pv7e5jzk7ye
                 */
                readonly uploadId: components["parameters"]["Upload"];
                /**
                 * @description Number of the part, from 1
                 * @example 1
                 */
                readonly partNumber: number;
            };
            readonly cookie?: never;
        };
        readonly get?: never;
        /**
         * Send a part through the gateway
         * @description What a part's URL points to where the store gives out no presigned ones. The URL is the right to send the part; no key is needed.
         */
        readonly put: operations["putPart"];
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/v2/{endpointId}/uploads/{uploadId}/complete": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                /**
                 * @description Id of the upstream endpoint
                 * @example demo
                 */
                readonly endpointId: components["parameters"]["EndpointId"];
                /**
                 * @description Id of the upload
                 * @example kejqwzcmqzz5ul2pv7e5jzk7ye
                 */
                readonly uploadId: components["parameters"]["Upload"];
            };
            readonly cookie?: never;
        };
        readonly get?: never;
        readonly put?: never;
        /**
         * Complete an upload
         * @description Puts the parts together and compares size and SHA-256 with what was announced; a file that differs is deleted. The URLs of the parts are dead from then on. Asking again gives the same answer.
         */
        readonly post: operations["completeUpload"];
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/v2/{endpointId}/batch": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                /**
                 * @description Id of the upstream endpoint
                 * @example demo
                 */
                readonly endpointId: components["parameters"]["EndpointId"];
            };
            readonly cookie?: never;
        };
        /**
         * List the batches of an endpoint
         * @description As the platform lists them.
         */
        readonly get: operations["listBatches"];
        readonly put?: never;
        /**
         * Begin a batch of jobs
         * @description Each request is staged as `run` stages one. In `keys` and `jwt` mode the key or token needs the `admin` scope, as for all of batches.
         */
        readonly post: operations["createBatch"];
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/v2/{endpointId}/batch/{batchId}": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                /**
                 * @description Id of the upstream endpoint
                 * @example demo
                 */
                readonly endpointId: components["parameters"]["EndpointId"];
                /** @description The platform's id of the batch */
                readonly batchId: string;
            };
            readonly cookie?: never;
        };
        /**
         * Count the requests of a batch
         * @description Once all are over, their access ends.
         */
        readonly get: operations["readBatch"];
        /**
         * Change the name of a batch
         * @description The platform's own.
         */
        readonly put: operations["changeBatch"];
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/v2/{endpointId}/batch/{batchId}/requests": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                /**
                 * @description Id of the upstream endpoint
                 * @example demo
                 */
                readonly endpointId: components["parameters"]["EndpointId"];
                /** @description The platform's id of the batch */
                readonly batchId: string;
            };
            readonly cookie?: never;
        };
        /**
         * List the requests of a batch
         * @description With their outputs, cleaned.
         */
        readonly get: operations["listBatchRequests"];
        readonly put?: never;
        /**
         * Add requests to a batch
         * @description Each is staged as `run` stages one.
         */
        readonly post: operations["addBatchRequests"];
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/v2/{endpointId}/batch/{batchId}/requests/{requestId}": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                /**
                 * @description Id of the upstream endpoint
                 * @example demo
                 */
                readonly endpointId: components["parameters"]["EndpointId"];
                /** @description The platform's id of the batch */
                readonly batchId: string;
                /** @description The platform's id of the request */
                readonly requestId: string;
            };
            readonly cookie?: never;
        };
        readonly get?: never;
        readonly put?: never;
        readonly post?: never;
        /**
         * Take a request out of a batch
         * @description While the batch is a draft.
         */
        readonly delete: operations["removeBatchRequest"];
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/v2/{endpointId}/batch/{batchId}/finalize": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                /**
                 * @description Id of the upstream endpoint
                 * @example demo
                 */
                readonly endpointId: components["parameters"]["EndpointId"];
                /** @description The platform's id of the batch */
                readonly batchId: string;
            };
            readonly cookie?: never;
        };
        readonly get?: never;
        readonly put?: never;
        /**
         * Have a batch run
         * @description The platform's own.
         */
        readonly post: operations["finalizeBatch"];
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/v2/{endpointId}/batch/{batchId}/cancel": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                /**
                 * @description Id of the upstream endpoint
                 * @example demo
                 */
                readonly endpointId: components["parameters"]["EndpointId"];
                /** @description The platform's id of the batch */
                readonly batchId: string;
            };
            readonly cookie?: never;
        };
        readonly get?: never;
        readonly put?: never;
        /**
         * Cancel a batch
         * @description The platform's own.
         */
        readonly post: operations["cancelBatch"];
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/v2/{endpointId}/purge-queue": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                /**
                 * @description Id of the upstream endpoint
                 * @example demo
                 */
                readonly endpointId: components["parameters"]["EndpointId"];
            };
            readonly cookie?: never;
        };
        readonly get?: never;
        readonly put?: never;
        /**
         * Remove all waiting jobs
         * @description In `keys` and `jwt` mode the key or token needs the `admin` scope.
         */
        readonly post: operations["purgeQueue"];
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/v2/{endpointId}/health": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                /**
                 * @description Id of the upstream endpoint
                 * @example demo
                 */
                readonly endpointId: components["parameters"]["EndpointId"];
            };
            readonly cookie?: never;
        };
        /**
         * Count the jobs and workers of an endpoint
         * @description The platform's answer.
         */
        readonly get: operations["getEndpointHealth"];
        readonly put?: never;
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/v2/{endpointId}/requests": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                /**
                 * @description Id of the upstream endpoint
                 * @example demo
                 */
                readonly endpointId: components["parameters"]["EndpointId"];
            };
            readonly cookie?: never;
        };
        /**
         * List the recent jobs of an endpoint
         * @description In `keys` and `jwt` mode the key or token needs the `admin` scope.
         */
        readonly get: operations["listJobs"];
        readonly put?: never;
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/v2/{endpointId}/openai/{path}": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                /**
                 * @description Id of the upstream endpoint
                 * @example demo
                 */
                readonly endpointId: components["parameters"]["EndpointId"];
                /** @description A path of the OpenAI API, such as `v1/chat/completions`; it may contain `/` */
                readonly path: string;
            };
            readonly cookie?: never;
        };
        /**
         * GET a path of the OpenAI API
         * @description In `keys` and `jwt` mode models alone: nothing that may be somebody else's.
         */
        readonly get: operations["getFromOpenai"];
        readonly put?: never;
        /**
         * Ask a worker that speaks the OpenAI API
         * @description Refs of uploads become links, and so do data URIs and a chat's audio where the endpoint has them staged. Forms go on as they come. Answers, streamed ones too, are cleaned of what the gateway put in.
         */
        readonly post: operations["submitToOpenai"];
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/v2/{endpointId}/uploads/tus": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                /**
                 * @description Id of the upstream endpoint
                 * @example demo
                 */
                readonly endpointId: components["parameters"]["EndpointId"];
            };
            readonly cookie?: never;
        };
        readonly get?: never;
        readonly put?: never;
        /**
         * Create an upload by tus
         * @description tus 1.0.0 (Creation, Creation With Upload). `filename` and `filetype` of the metadata name the file and its type. Bytes that come along count as those of a PATCH at offset 0.
         */
        readonly post: operations["createTusUpload"];
        readonly delete?: never;
        /** Read what can be done by tus */
        readonly options: operations["describeTus"];
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/v2/{endpointId}/uploads/tus/{uploadId}": {
        readonly parameters: {
            readonly query?: never;
            readonly header: {
                /**
                 * @description The version of the protocol
                 * @example 1.0.0
                 */
                readonly "Tus-Resumable": "1.0.0";
            };
            readonly path: {
                /**
                 * @description Id of the upstream endpoint
                 * @example demo
                 */
                readonly endpointId: components["parameters"]["EndpointId"];
                /**
                 * @description Id of the upload
                 * @example kejqwzcmqzz5ul2pv7e5jzk7ye
                 */
                readonly uploadId: components["parameters"]["Upload"];
            };
            readonly cookie?: never;
        };
        /**
         * Read where an upload by tus goes on
         * @description As HEAD.
         */
        readonly get: operations["getTusOffset"];
        readonly put?: never;
        /** Any of these where only POST gets through */
        readonly post: operations["overrideTusMethod"];
        /** Delete an upload by tus */
        readonly delete: operations["endTusUpload"];
        readonly options?: never;
        /** Read where an upload by tus goes on */
        readonly head: operations["readTusOffset"];
        /**
         * Send the next bytes of an upload by tus
         * @description What arrives before the connection breaks is kept, but with a checksum all or nothing. The last byte completes the upload, and the answer holds its ref.
         */
        readonly patch: operations["appendTusUpload"];
        readonly trace?: never;
    };
    readonly "/tokens": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly get?: never;
        readonly put?: never;
        /**
         * Make a client token
         * @description For the holder of a gateway key in `keys` mode: a short-lived token that is good for no more than the key, to be handed to a browser and sent where a key is. It ends at `expiresAt`, and when its key is taken out of the configuration. A 404 in the other modes, and with `tokenMaxSeconds: 0`; a 403 for a token, which cannot make tokens.
         */
        readonly post: operations["createToken"];
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/files/{sealed}/{name}": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                /** @description The grant, path and expiry, sealed by the gateway */
                readonly sealed: string;
                /** @description Name of the file, for the reader's eyes alone */
                readonly name: string;
            };
            readonly cookie?: never;
        };
        /**
         * Download a file by its link
         * @description Needs no key: the link is the right to read. The file is sent as a download; where the endpoint's `files` says `redirect`, GET is a 302 to a presigned URL of the store instead.
         */
        readonly get: operations["getFile"];
        readonly put?: never;
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        /**
         * Read size and type of a file by its link
         * @description As GET, without the file.
         */
        readonly head: operations["headFile"];
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/v2/{endpointId}/webhook-secrets": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                /**
                 * @description Id of the upstream endpoint
                 * @example demo
                 */
                readonly endpointId: components["parameters"]["EndpointId"];
            };
            readonly cookie?: never;
        };
        /**
         * Read what one's webhooks are signed with
         * @description Webhooks carry the headers of Standard Webhooks. These are the caller's own secrets, and the public keys of the gateway where it has any. In `passthrough` mode the platform proves the key first.
         */
        readonly get: operations["getWebhookSecrets"];
        readonly put?: never;
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/v2/{endpointId}/jobs/{jobId}/webhook/redeliver": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                /**
                 * @description Id of the upstream endpoint
                 * @example demo
                 */
                readonly endpointId: components["parameters"]["EndpointId"];
                /**
                 * @description Id of the job, as the platform gave it
                 * @example 4f2a1c9e-77aa-4b6f-8a65-1d0f3a5b9c11-u1
                 */
                readonly jobId: components["parameters"]["JobId"];
            };
            readonly cookie?: never;
        };
        readonly get?: never;
        readonly put?: never;
        /**
         * Send a job's webhook once more
         * @description Sends it now, under the id it had before, from what is kept: the very body where `webhooks.durable` is set, else the job's kept result. Only the job's owner may ask.
         */
        readonly post: operations["redeliverWebhook"];
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/webhooks/{sealed}": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                /** @description The grant that the webhook belongs to, sealed by the gateway */
                readonly sealed: string;
            };
            readonly cookie?: never;
        };
        readonly get?: never;
        readonly put?: never;
        /**
         * Relay the platform's webhook
         * @description The body goes to the client's own webhook, signed and without secrets, and the client's status comes back to the platform; where `webhooks.durable` is set, 200 does once the webhook is kept. While the job is not bound to its grant the answer is a 503, so that the platform comes again.
         */
        readonly post: operations["relayWebhook"];
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/lb/{endpointId}/{path}": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                /**
                 * @description Id of the upstream endpoint
                 * @example demo
                 */
                readonly endpointId: components["parameters"]["EndpointId"];
                /** @description The workers' own path; it may contain `/`, and may be empty (`/lb/{endpointId}` alone is served, too) */
                readonly path: string;
            };
            readonly cookie?: never;
        };
        /**
         * GET a path of the workers
         * @description Any method goes to the workers of a load-balancing endpoint, where its configuration has `loadBalancer`. Large values of JSON bodies become links by rule; answers are cleaned of them. With `Upgrade: websocket` a WebSocket is passed through.
         */
        readonly get: operations["getFromWorkers"];
        /**
         * PUT a path of the workers
         * @description As GET.
         */
        readonly put: operations["putToWorkers"];
        /**
         * POST a path of the workers
         * @description As GET.
         */
        readonly post: operations["postToWorkers"];
        /**
         * DELETE a path of the workers
         * @description As GET.
         */
        readonly delete: operations["deleteAtWorkers"];
        /**
         * OPTIONS a path of the workers
         * @description As GET.
         */
        readonly options: operations["askWorkersOptions"];
        /**
         * HEAD a path of the workers
         * @description As GET.
         */
        readonly head: operations["headFromWorkers"];
        /**
         * PATCH a path of the workers
         * @description As GET.
         */
        readonly patch: operations["patchAtWorkers"];
        readonly trace?: never;
    };
    readonly "/s3/{bucket}": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                /**
                 * @description Any name; all mean the bucket of the job
                 * @example job_files
                 */
                readonly bucket: components["parameters"]["Bucket"];
            };
            readonly cookie?: never;
        };
        /**
         * ListObjectsV2
         * @description The S3 API, seen through the mounts of one job. Any bucket name means the same bucket.
         */
        readonly get: operations["listObjects"];
        readonly put?: never;
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/s3/{bucket}/{key}": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                /**
                 * @description Any name; all mean the bucket of the job
                 * @example job_files
                 */
                readonly bucket: components["parameters"]["Bucket"];
                /** @description Key of the object; it may contain `/` */
                readonly key: string;
            };
            readonly cookie?: never;
        };
        /**
         * GetObject
         * @description Range and conditions as in S3; SigV4, and SigV2 in the query.
         */
        readonly get: operations["getObject"];
        /**
         * PutObject, UploadPart
         * @description With `uploadId` and `partNumber` a part of a multipart upload. The body may be signed, unsigned or framed with a trailing checksum.
         */
        readonly put: operations["putObject"];
        /**
         * CreateMultipartUpload, CompleteMultipartUpload
         * @description With `uploads` it begins a multipart upload, with `uploadId` it completes one.
         */
        readonly post: operations["postObject"];
        /**
         * AbortMultipartUpload
         * @description Ends the multipart upload `uploadId` and drops its parts.
         */
        readonly delete: operations["abortUpload"];
        readonly options?: never;
        /**
         * HeadObject
         * @description As GetObject, without the bytes.
         */
        readonly head: operations["headObject"];
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/.well-known/openid-configuration": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /**
         * Describe the gateway as OpenID Connect issuer
         * @description What a cloud's STS reads before it trusts the gateway's tokens (`access: "web-identity"`). At the root of the host, wherever the other routes are. A 404 unless `oidc` is configured.
         */
        readonly get: operations["getIssuer"];
        readonly put?: never;
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/.well-known/jwks.json": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /**
         * Read the public keys of the gateway's tokens
         * @description A JSON Web Key Set; the key that signs is the first. A 404 unless `oidc` is configured.
         */
        readonly get: operations["getKeySet"];
        readonly put?: never;
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /**
         * Read the page
         * @description Sends jobs with large files from a browser and shows what comes back. It names no endpoint: who uses it does, and gives a key or token.
         */
        readonly get: operations["getPage"];
        readonly put?: never;
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/openapi.json": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /**
         * Read this description
         * @description The OpenAPI document in one piece.
         */
        readonly get: operations["getDescription"];
        readonly put?: never;
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/healthz": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /**
         * See whether the process answers
         * @description Asks nothing of store and upstream.
         */
        readonly get: operations["getLiveness"];
        readonly put?: never;
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/readyz": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /**
         * See whether the gateway can take work
         * @description The configuration is sound and the state store answers.
         */
        readonly get: operations["getReadiness"];
        readonly put?: never;
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
}
export interface webhooks {
    readonly jobEnded: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly get?: never;
        readonly put?: never;
        /**
         * What the client's own `webhook` gets
         * @description Signed as Standard Webhooks says. A 2xx takes it; a redirect is a failure. Where `webhooks.durable` is set, other answers than 410 are tried again for three days, not before `Retry-After`; otherwise the answer goes back to the platform.
         */
        readonly post: operations["receiveJobEnded"];
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
}
export interface components {
    schemas: {
        /** @description All parts of the file. */
        readonly CompleteRequest: {
            /** @description Every part once, with its ETag. */
            readonly parts: readonly components["schemas"]["UploadedPart"][];
            /** @description SHA-256 of the whole file, 64 hex digits, where it was not known before. */
            readonly sha256?: string;
        };
        /** @description A file that can be referred to. */
        readonly CompletedUpload: {
            /** @description What stands for the file anywhere in a request's input. */
            readonly ref: string;
            /** @description Id of the upload. */
            readonly uploadId: string;
            /**
             * Format: int64
             * @description Bytes of the file.
             */
            readonly size: number;
            /** @description Media type. */
            readonly contentType: string;
            /** @description The client's name for the file. */
            readonly filename: string;
            /**
             * Format: date-time
             * @description When the file goes: at the end of its day (UTC).
             */
            readonly expiresAt: string;
        };
        /** @description The one configuration document. */
        readonly Config: {
            /** @description Where clients, workers and the platform reach the gateway; https unless it is loopback. */
            readonly publicUrl: string;
            /** @description `endpointUrl` of the job bucket, if it has a host of its own; otherwise `{publicUrl}/s3`. */
            readonly jobBucketUrl?: string;
            /** @description Object stores by an id of your choice. */
            readonly stores: {
                readonly [key: string]: components["schemas"]["ConfigStore"];
            };
            /** @description Id of the store that holds grants, job ids and results; it needs conditional writes. */
            readonly stateStore: string;
            /** @description Endpoints by id; `*` is every endpoint without settings of its own, and the defaults of those that have some. */
            readonly endpoints: {
                readonly [key: string]: components["schemas"]["ConfigEndpoint"];
            };
            readonly staging?: components["schemas"]["ConfigStaging"];
            readonly uploads?: components["schemas"]["ConfigUploads"];
            readonly access?: components["schemas"]["ConfigAccess"];
            readonly limits?: components["schemas"]["ConfigLimits"];
            readonly auth: components["schemas"]["ConfigAuth"];
            readonly cors?: components["schemas"]["ConfigCors"];
            readonly oidc?: components["schemas"]["ConfigOidc"];
            readonly webhooks?: components["schemas"]["ConfigWebhooks"];
            readonly runpod?: components["schemas"]["ConfigRunpod"];
            readonly scrub?: components["schemas"]["ConfigScrub"];
            readonly sweep?: components["schemas"]["ConfigSweep"];
            /**
             * @description Lets webhooks go to loopback addresses and over plain http: development only.
             * @default false
             */
            readonly allowLoopbackWebhooks?: boolean;
            readonly masterKeys: components["schemas"]["SecretReference"];
            /** @description What differs by environment, by a name of your choice such as `staging`: the one that `BULKWAY_PROFILE` names is merged over the document ([profiles](#profiles)). */
            readonly profiles?: {
                readonly [key: string]: Record<string, never>;
            };
        };
        /** @description How long what the gateway hands out is good for. */
        readonly ConfigAccess: {
            /**
             * @description How long outputs can be read after the job's time to write has ended, by its keys and by the gateway's own links.
             * @default 86400
             */
            readonly linkSeconds?: number;
            /**
             * @description Life of a presigned URL of the store.
             * @default 900
             */
            readonly presignSeconds?: number;
            /**
             * @description Age of a cached grant: a revoked key works at most so long.
             * @default 10
             */
            readonly grantCacheSeconds?: number;
            /**
             * @description Added to a job's `policy.ttl` for the life of its grant.
             * @default 3600
             */
            readonly marginSeconds?: number;
        };
        /** @description Who may call. */
        readonly ConfigAuth: components["schemas"]["ConfigAuthPassthrough"] | components["schemas"]["ConfigAuthKeys"] | components["schemas"]["ConfigAuthJwt"];
        /** @description Tokens (JWT) of an identity provider; upstream sees the endpoint's `upstreamKey`. */
        readonly ConfigAuthJwt: {
            /**
             * @description The scheme. (enum property replaced by openapi-typescript)
             * @enum {string}
             */
            readonly mode: "jwt";
            /** @description `iss` that a token must have. */
            readonly issuer: string;
            /** @description `aud` that a token must have, alone or among others. */
            readonly audience: string;
            /** @description Where the issuer publishes its keys; https unless it is loopback. */
            readonly jwksUrl: string;
            /**
             * @description Signatures that are accepted.
             * @default [
             *       "RS256",
             *       "ES256",
             *       "EdDSA"
             *     ]
             */
            readonly algorithms?: readonly ("RS256" | "RS384" | "RS512" | "PS256" | "PS384" | "PS512" | "ES256" | "ES384" | "ES512" | "EdDSA")[];
            /**
             * @description Claim that lists the endpoint ids that a token is good for, or `*`; without it a token is good for none.
             * @default bulkway_endpoints
             */
            readonly endpointsClaim?: string;
            /**
             * @description Claim with the bytes that one request or upload may have at most.
             * @default bulkway_max_bytes
             */
            readonly maxBytesClaim?: string;
            /**
             * @description Claim that lists scopes (`admin`), as an array or separated by blanks.
             * @default bulkway_scopes
             */
            readonly scopesClaim?: string;
        };
        /** @description The gateway's own keys; upstream sees the endpoint's `upstreamKey`. */
        readonly ConfigAuthKeys: {
            /**
             * @description The scheme. (enum property replaced by openapi-typescript)
             * @enum {string}
             */
            readonly mode: "keys";
            /** @description The keys that are accepted. */
            readonly keys: readonly components["schemas"]["ConfigKey"][];
            /**
             * @description Longest life of the client tokens that `POST /tokens` makes for the holder of a key; 0: it makes none.
             * @default 3600
             */
            readonly tokenMaxSeconds?: number;
        };
        /** @description The client's own upstream key is proved and sent upstream. */
        readonly ConfigAuthPassthrough: {
            /**
             * @description The scheme. (enum property replaced by openapi-typescript)
             * @enum {string}
             */
            readonly mode: "passthrough";
            /**
             * @description Time for which a proved key is not proved again.
             * @default 60
             */
            readonly proofSeconds?: number;
        };
        /** @description Pages of other origins that may call the gateway from a browser. */
        readonly ConfigCors: {
            /** @description Origins such as `https://app.example.com`, or `*` for all. */
            readonly origins: readonly string[];
            /**
             * @description Time for which a browser may remember the answer to its preflight.
             * @default 600
             */
            readonly maxAgeSeconds?: number;
        };
        /** @description What one endpoint takes, and where its payloads go. */
        readonly ConfigEndpoint: {
            /**
             * @description Base URL up to and including `/v2`; https unless it is loopback.
             * @default https://api.runpod.ai/v2
             */
            readonly upstream?: string;
            readonly upstreamKey?: components["schemas"]["SecretReference"];
            /** @description Id of the store for payloads and outputs. */
            readonly store?: string;
            /**
             * @description What the worker is given in place of a payload: a key in the bucket that `s3Config` names, the same as `s3://{bucketName}/{key}`, a link, or `original`: a `bulkway-input://…` from which `bulkway_worker.py` makes the value that the client sent, or `path`: where the worker finds the file on its network volume. Without it nothing is staged and an over-limit body is a 413.
             * @enum {string}
             */
            readonly as?: "key" | "s3-uri" | "url" | "original" | "path";
            /**
             * @description Access that a job is given to its files: the gateway's own job bucket, which every worker and store can use; `volume`: the network volume that the worker mounts, without any keys; temporary keys of the store itself (`sts`, `web-identity`, `r2`: the worker must take a session token; `b2`: it need not); or none.
             * @default job-bucket
             * @enum {string}
             */
            readonly access?: "job-bucket" | "volume" | "sts" | "web-identity" | "r2" | "b2" | "none";
            /**
             * @description When `s3Config` is added to a request: when something of it was staged, always or never. Absent: `always` where `outputs` is set, else `staged`, or `never` with `access: "none"` or `"volume"`.
             * @enum {string}
             */
            readonly s3Config?: "staged" | "always" | "never";
            readonly s3ConfigFields?: components["schemas"]["ConfigS3ConfigFields"];
            /**
             * @description Whether payloads are staged only in bodies that the upstream would refuse, or in all.
             * @default over-limit
             * @enum {string}
             */
            readonly stage?: "over-limit" | "always";
            /**
             * @description Characters of base64 from which a string is staged.
             * @default 65536
             */
            readonly stageMinBytes?: number;
            /**
             * @description What is to be done with values at certain places; the first match wins.
             * @default []
             */
            readonly rules?: readonly components["schemas"]["ConfigRule"][];
            /**
             * @description True: a staged file is named by the SHA-256 of its bytes, `in/sha256-{hex}.{extension}`, and stored once for its principal: what is sent again is the same key or path, which a worker may cache by. It outlives the job, until no job that was given it can run any more.
             * @default false
             */
            readonly contentAddressed?: boolean;
            /**
             * @description Staged files of one request that are named by their content: each takes up to six requests to the stores. Those after them have names of their own.
             * @default 100
             */
            readonly contentAddressedMaxObjects?: number;
            /**
             * @description Largest body that the upstream takes at `run`.
             * @default 10485760
             */
            readonly runMaxBytes?: number;
            /**
             * @description Largest body that the upstream takes at `runsync`.
             * @default 20971520
             */
            readonly runsyncMaxBytes?: number;
            /**
             * @description Bytes that one job may keep in its job bucket as outputs; a write beyond them is a 403 `QuotaExceeded`.
             * @default 1099511627776
             */
            readonly outputMaxBytes?: number;
            /**
             * @description Objects that one job may keep in its job bucket as outputs; one more is a 403 `QuotaExceeded`.
             * @default 100000
             */
            readonly outputMaxObjects?: number;
            /**
             * @description What the client is given for a large output that `bulkway_worker.py` left in the job's bucket: a link, or the value itself, put back into the JSON while it streams. Where it is set, a job that completes without an output has an error. Absent: a link, and nothing is expected.
             * @enum {string}
             */
            readonly outputs?: "link" | "inline";
            /**
             * @description Bytes of files that are put back into one answer; what goes beyond them stays a link.
             * @default 1073741824
             */
            readonly inlineMaxBytes?: number;
            /**
             * @description Files that are put back into one answer; what goes beyond them stays a link.
             * @default 100
             */
            readonly inlineMaxObjects?: number;
            /**
             * @description True: a string in `output` or `stream` that is the key of an object which the job wrote becomes a link to it.
             * @default false
             */
            readonly linkOutputKeys?: boolean;
            /**
             * @description How the gateway's links to a job's files are answered: `stream` sends the file; `redirect` is a 302 to a presigned URL of the store, where that has any (`presign`), and clients must reach it.
             * @default stream
             * @enum {string}
             */
            readonly files?: "stream" | "redirect";
            /**
             * @description Time from a job's end until its staged files may be deleted.
             * @default 3600
             */
            readonly graceSeconds?: number;
            /** @description Datacenters in which the endpoint's workers run, such as `EU-RO-1`; the volumes of a store of kind `runpod-volume` must lie in just these. Absent: not checked here. */
            readonly dataCenterIds?: readonly string[];
            /**
             * @description Whence it is known which network volumes the endpoint has, with `access: "volume"`: `configured`, as the store and `dataCenterIds` say; `lookup` asks RunPod ([ConfigRunpod](#configrunpod)) and refuses what does not agree.
             * @default configured
             * @enum {string}
             */
            readonly volumes?: "configured" | "lookup";
            /**
             * @description Where the endpoint has several network volumes, one in each datacenter: `refuse` is a fault; `all` writes to all of them, and the store must name each (`replicas`).
             * @default refuse
             * @enum {string}
             */
            readonly severalVolumes?: "all" | "refuse";
            readonly sessions?: components["schemas"]["ConfigSessions"];
            /**
             * @description Whether this endpoint's jobs may write to shared paths of a volume with `exclusive`: false: they wait for nobody, and nobody for them.
             * @default true
             */
            readonly volumeWrites?: boolean;
            readonly retention?: components["schemas"]["ConfigRetention"];
            readonly loadBalancer?: components["schemas"]["ConfigLoadBalancer"];
        };
        /** @description One key of the gateway, known by its hash. */
        readonly ConfigKey: {
            /** @description Name of the holder: the owner of its jobs. */
            readonly name: string;
            /** @description Lower-case hex SHA-256 of the key's text (`bw_…`). */
            readonly sha256: string;
            /** @description Ids of the endpoints it may use; `*` is all of them. */
            readonly endpoints: readonly string[];
            /**
             * @description `admin` also allows `purge-queue`, `requests` and `batch`.
             * @default []
             */
            readonly scopes?: readonly "admin"[];
            /** @description Bytes that one request or upload may have at most; absent: as much as endpoint and store take. */
            readonly maxBytes?: number;
        };
        /** @description What a request may be. */
        readonly ConfigLimits: {
            /**
             * @description Depth of nested arrays and objects.
             * @default 512
             */
            readonly nesting?: number;
            /**
             * @description Length of a JSON key.
             * @default 1024
             */
            readonly keyBytes?: number;
            /**
             * @description Bodies up to here are searched whole, and go on as they came when nothing in them concerns the gateway.
             * @default 65536
             */
            readonly smallBodyBytes?: number;
            /**
             * @description Time without a byte in either direction after which a connection is given up.
             * @default 60000
             */
            readonly idleTimeoutMs?: number;
            /**
             * @description Largest body of a platform's webhook.
             * @default 33554432
             */
            readonly webhookMaxBytes?: number;
            /**
             * @description Milliseconds without a byte from upstream before its answer is given up; the platform's longest `wait` is 300 s.
             * @default 330000
             */
            readonly upstreamIdleTimeoutMs?: number;
            /**
             * @description Requests with files, keys or a webhook that one call may add to a batch.
             * @default 1000
             */
            readonly batchItems?: number;
            /**
             * @description Time in which a store must issue a job's keys, all tries together.
             * @default 10000
             */
            readonly mintTimeoutMs?: number;
            /**
             * @description Parts of a form (multipart/form-data).
             * @default 1000
             */
            readonly formParts?: number;
            /**
             * @description Length of a field's name or a file's name in a form.
             * @default 1024
             */
            readonly formNameBytes?: number;
            /**
             * @description Headers of one part of a form, together.
             * @default 8192
             */
            readonly formHeaderBytes?: number;
            /**
             * @description Outputs of a job whose keys are read for one answer, where a string may be one; of what goes beyond them no link is made that needs it.
             * @default 1000
             */
            readonly listedOutputs?: number;
            /**
             * @description One file of a form, or a raw body.
             * @default 62914560000
             */
            readonly payloadBytes?: number;
        };
        /** @description The load-balancing side of an endpoint, `/lb/{endpointId}/…`. Without it there is none. */
        readonly ConfigLoadBalancer: {
            /**
             * @description Base URL of the worker's own paths, in which `{endpointId}` stands for the endpoint's id; https unless it is loopback.
             * @default https://{endpointId}.api.runpod.ai
             */
            readonly upstream?: string;
            /**
             * @description Largest body that the upstream takes.
             * @default 31457280
             */
            readonly maxBytes?: number;
            /**
             * @description Milliseconds without a byte either way before a request is given up; the platform waits 2 minutes for a worker and 5.5 for its answer. An open WebSocket may be silent as long as it likes.
             * @default 480000
             */
            readonly idleTimeoutMs?: number;
            /**
             * @description Names of headers that pass both ways beside those that always do.
             * @default []
             */
            readonly headers?: readonly string[];
            /**
             * @description What is to be done with strings at certain places of a JSON body; the first match wins.
             * @default []
             */
            readonly rules?: readonly components["schemas"]["ConfigLoadBalancerRule"][];
            /**
             * @description What a caller's own key is proved by before a payload is staged: `GET {upstream of the endpoint}/{endpointId}/health`, or `GET /ping` of the workers.
             * @default health
             * @enum {string}
             */
            readonly proof?: "health" | "ping";
        };
        /** @description How strings at a JSON Pointer pattern of a body are treated. */
        readonly ConfigLoadBalancerRule: {
            /** @description JSON Pointer (RFC 6901) into the body; a token `*` stands for any one token. */
            readonly pointer: string;
            /** @description True: always staged, whatever the size; false: never. Absent: by size, bare base64 too. */
            readonly stage?: boolean;
            /** @description Media type of the staged file, if not what its first bytes say. */
            readonly mediaType?: string;
            /**
             * @description `base64` decodes the string, `text` stages its own UTF-8.
             * @default base64
             * @enum {string}
             */
            readonly encoding?: "base64" | "text";
        };
        /** @description The gateway as OpenID Connect issuer, for `access: "web-identity"`; the issuer is the origin of `publicUrl`. */
        readonly ConfigOidc: {
            readonly signingKeys: components["schemas"]["SecretReference"];
            /**
             * @description Life of a token; it is used at once.
             * @default 60
             */
            readonly tokenSeconds?: number;
        };
        /** @description How long what belongs to a job is kept, and what a request may ask for by `Bulkway-Retention`. */
        readonly ConfigRetention: {
            /**
             * @description Where a request says nothing: `job`, a number of seconds from the job's end, or `persistent`.
             * @default job
             */
            readonly default?: string;
            /**
             * @description Fewest seconds from the job's end that a request may ask for.
             * @default 60
             */
            readonly minSeconds?: number;
            /**
             * @description Most seconds from the job's end that a request may ask for.
             * @default 2592000
             */
            readonly maxSeconds?: number;
            /**
             * @description Whether a request may ask that nothing goes before the job is deleted.
             * @default false
             */
            readonly persistent?: boolean;
        };
        /** @description How values at a JSON Pointer pattern are treated. */
        readonly ConfigRule: {
            /** @description JSON Pointer (RFC 6901) below `/input`; a token `*` stands for any one token. */
            readonly pointer: string;
            /** @description True: always staged, whatever the size; false: never. Absent: by size. */
            readonly stage?: boolean;
            /** @description Media type of the staged file, if not what its first bytes say. */
            readonly mediaType?: string;
            /**
             * @description `base64` decodes the string, `text` stages its own UTF-8.
             * @default base64
             * @enum {string}
             */
            readonly encoding?: "base64" | "text";
            /**
             * @description What the worker is given in its place, if not the endpoint's `as`.
             * @enum {string}
             */
            readonly as?: "key" | "s3-uri" | "url" | "original" | "path";
        };
        /** @description RunPod's management API, which knows which network volumes an endpoint has. */
        readonly ConfigRunpod: {
            /**
             * @description URL of the API; https unless it is loopback.
             * @default https://rest.runpod.io/v1
             */
            readonly restUrl?: string;
            readonly apiKey?: components["schemas"]["SecretReference"];
            /**
             * @description Time for which an answer is believed; then it is asked for anew, beside the requests.
             * @default 300
             */
            readonly cacheSeconds?: number;
            /**
             * @description Time in which an answer must have come.
             * @default 10000
             */
            readonly timeoutMs?: number;
        };
        /** @description Names of the fields of `s3Config`. The first four are always there, under RunPod's own names unless others are given; the last three only where they are named here. */
        readonly ConfigS3ConfigFields: {
            /**
             * @description Name of the field with the access key id.
             * @default accessId
             */
            readonly accessId?: string;
            /**
             * @description Name of the field with the secret access key.
             * @default accessSecret
             */
            readonly accessSecret?: string;
            /**
             * @description Name of the field with the bucket.
             * @default bucketName
             */
            readonly bucketName?: string;
            /**
             * @description Name of the field with the S3 endpoint.
             * @default endpointUrl
             */
            readonly endpointUrl?: string;
            /** @description Name of the field with the session token, such as `sessionToken`; it is there when the keys have one. */
            readonly sessionToken?: string;
            /** @description Name of the field with the region, such as `region`. */
            readonly region?: string;
            /** @description Name of the field with the prefix that the worker's own keys must begin with, such as `keyPrefix`; empty in the job bucket; required with keys of a store where `s3Config` is `always`. */
            readonly keyPrefix?: string;
        };
        /** @description What is removed from answers beside the secrets that are known. */
        readonly ConfigScrub: {
            /**
             * @description Rules for secrets that are told by their shape alone; an empty list is none.
             * @default [
             *       "aws-error",
             *       "aws-secret",
             *       "runpod-key",
             *       "gateway-key"
             *     ]
             */
            readonly shapes?: readonly ("aws-error" | "aws-secret" | "runpod-key" | "gateway-key" | "presigned-url" | "huggingface-token" | "github-token")[];
        };
        /** @description Directories that outlive jobs: a request names its session in `Bulkway-Session`. */
        readonly ConfigSessions: {
            /**
             * @description True: one job at a time has a session, the next one waits; false: any number at once.
             * @default true
             */
            readonly exclusive?: boolean;
            /**
             * @description Time for which a session's files are kept after its last job can have ended.
             * @default 2592000
             */
            readonly keepSeconds?: number;
            /**
             * @description Time for which a request waits, its payloads stored, while another job has the session or the exclusive volume; then it is a 503.
             * @default 60
             */
            readonly waitSeconds?: number;
            /**
             * @description Bytes that a session may hold; a write through the job bucket beyond them is a 403 `QuotaExceeded`.
             * @default 1099511627776
             */
            readonly maxBytes?: number;
            /**
             * @description Files that a session may hold; one more through the job bucket is a 403 `QuotaExceeded`.
             * @default 100000
             */
            readonly maxObjects?: number;
        };
        /** @description How payloads are written to a store. */
        readonly ConfigStaging: {
            /**
             * @description Size of a multipart part, a multiple of 3; larger where 10,000 parts would not reach.
             * @default 6291456
             */
            readonly partBytes?: number;
            /**
             * @description Parts of one request that are sent at a time.
             * @default 2
             */
            readonly partsInFlight?: number;
            /** @description Part buffers for all requests together; 32 on Node and 6 on Workers unless given. */
            readonly poolParts?: number;
        };
        /** @description One S3-compatible bucket, or a network volume. */
        readonly ConfigStore: {
            /**
             * @description Which store it is: [stores.md](stores.md) says what follows. `s3` is any store that is not named here.
             * @enum {string}
             */
            readonly kind: "s3" | "aws" | "r2" | "ceph" | "minio" | "seaweedfs" | "b2" | "wasabi" | "gcs" | "garage" | "digitalocean" | "tigris" | "runpod-volume";
            /** @description URL of the store without the bucket, such as `https://s3.eu-west-1.amazonaws.com`; may be left out where the kind makes it of the fields beside it. */
            readonly endpoint?: string;
            /** @description Region that requests are signed for; may be left out where the kind or the endpoint tells it. */
            readonly region?: string;
            /** @description `r2`: Cloudflare account of the bucket; makes the endpoint. */
            readonly accountId?: string;
            /**
             * @description `r2`: jurisdiction of the bucket, where it was made with one.
             * @enum {string}
             */
            readonly jurisdiction?: "eu" | "fedramp";
            /** @description Name of the bucket. */
            readonly bucket: string;
            /** @description True: the bucket stands in the path; false: in the host name. Absent: as suits the kind, true for `s3`. */
            readonly pathStyle?: boolean;
            /** @description False: the store has no presigned URLs, or browsers cannot reach it; uploads and files go through the gateway then. Absent: true, but for `runpod-volume`, which has none. */
            readonly presign?: boolean;
            /** @description US dollars that a GB (10^9 bytes) costs a month, for `bulkway usage`. Absent: the price of the kind, where it has one. */
            readonly pricePerGbMonth?: number;
            readonly accessKeyId: components["schemas"]["SecretReference"];
            readonly secretAccessKey: components["schemas"]["SecretReference"];
            /** @description `runpod-volume`: datacenter of the volume, such as `EU-RO-1`. It is the region, and makes the endpoint. */
            readonly dataCenterId?: string;
            /** @description `runpod-volume`: other volumes to which everything is written in the same pass over the bytes. */
            readonly replicas?: readonly components["schemas"]["ConfigStoreReplica"][];
            /**
             * @description `runpod-volume`: where workers see the volume.
             * @default /runpod-volume
             */
            readonly mountPath?: string;
            /**
             * @description `runpod-volume`: folder of the volume in which the gateway keeps what it owns, with a slash at the end.
             * @default bulkway/
             */
            readonly prefix?: string;
            /** @description `runpod-volume`: folders from the volume's root on, such as `models/`, in which uploads that are kept for good may lie under names of their own. */
            readonly sharedPaths?: readonly string[];
            /**
             * @description `runpod-volume`: one job at a time, for workers that write to paths they share.
             * @default false
             */
            readonly exclusive?: boolean;
            /**
             * @description `runpod-volume`: seconds between the first two looks at whether a large file has been put together, where its answer was lost; pauses grow to 20 s.
             * @default 2
             */
            readonly completePollSeconds?: number;
            /**
             * @description `runpod-volume`: seconds after which a file that is not whole by then counts as not written.
             * @default 900
             */
            readonly completeMaxSeconds?: number;
            readonly sts?: components["schemas"]["ConfigStoreSts"];
            readonly webIdentity?: components["schemas"]["ConfigStoreWebIdentity"];
            readonly r2?: components["schemas"]["ConfigStoreR2"];
            readonly b2?: components["schemas"]["ConfigStoreB2"];
        };
        /** @description How `access: "b2"` makes a job's keys: `b2_create_key`. */
        readonly ConfigStoreB2: {
            /** @description Id of the bucket, as the B2 console shows it. */
            readonly bucketId: string;
            /**
             * @description URL of the B2 native API.
             * @default https://api.backblazeb2.com
             */
            readonly endpoint?: string;
            readonly keyId?: components["schemas"]["SecretReference"];
            readonly applicationKey?: components["schemas"]["SecretReference"];
        };
        /** @description How `access: "r2"` signs a job's keys; needed only where the store's endpoint is not `https://{accountId}[.jurisdiction].r2.cloudflarestorage.com`. */
        readonly ConfigStoreR2: {
            /** @description Cloudflare account of the bucket; the endpoint may name no other. */
            readonly accountId: string;
        };
        /** @description Another volume that holds the same files, in another datacenter; it belongs to the account of the first. */
        readonly ConfigStoreReplica: {
            /** @description Id of the volume. */
            readonly bucket: string;
            /** @description Datacenter of the volume, such as `US-KS-2`. */
            readonly dataCenterId: string;
            /** @description URL of its S3 API; default `https://s3api-{dataCenterId}.runpod.io`, lower case. */
            readonly endpoint?: string;
        };
        /** @description How `access: "sts"` gets a job's keys: AssumeRole with an inline session policy. */
        readonly ConfigStoreSts: {
            /** @description URL of the STS; absent: the regional one on AWS and Wasabi, the store's own endpoint elsewhere. */
            readonly endpoint?: string;
            /** @description ARN of the role, which must be allowed all that jobs do; each job's keys are narrowed to its own files. */
            readonly roleArn: string;
            /** @description `ExternalId` where the role's trust policy asks for one. */
            readonly externalId?: string;
            /**
             * @description Longest session that the role allows; jobs that may take longer are given the job bucket.
             * @default 3600
             */
            readonly maxSeconds?: number;
            readonly accessKeyId?: components["schemas"]["SecretReference"];
            readonly secretAccessKey?: components["schemas"]["SecretReference"];
        };
        /** @description How `access: "web-identity"` gets a job's keys: AssumeRoleWithWebIdentity, with the gateway as OpenID Connect issuer. */
        readonly ConfigStoreWebIdentity: {
            /** @description URL of the STS; absent: the regional one on AWS, the store's own endpoint elsewhere. */
            readonly endpoint?: string;
            /** @description ARN of the role, whose trust policy names the gateway as provider. */
            readonly roleArn: string;
            /**
             * @description `aud` of the token, as the provider is registered.
             * @default sts.amazonaws.com
             */
            readonly audience?: string;
            /**
             * @description Longest session that the role allows; jobs that may take longer are given the job bucket.
             * @default 3600
             */
            readonly maxSeconds?: number;
        };
        /** @description The sweep that a cron trigger starts, on Workers. */
        readonly ConfigSweep: {
            /**
             * @description Expression of the trigger that starts a sweep, spelled as in `triggers.crons` of `wrangler.toml`; all other triggers start none.
             * @default 13 * * * *
             */
            readonly cron?: string;
            /**
             * @description Requests to the stores after which such a sweep ends; it may make a few dozen more to end what it has begun, and the next one goes on. A Worker has 50 subrequests on the free plan.
             * @default 800
             */
            readonly requests?: number;
            /**
             * @description Requests to the stores that such a sweep makes a second at most.
             * @default 50
             */
            readonly requestsPerSecond?: number;
        };
        /** @description Files that clients put into the store before the request that uses them. */
        readonly ConfigUploads: {
            /**
             * @description Size of an upload's parts; larger where 10,000 parts would not reach.
             * @default 16777216
             */
            readonly partBytes?: number;
            /**
             * @description Largest file; set it to what the store takes as one object.
             * @default 5497558138880
             */
            readonly maxBytes?: number;
            /**
             * @description Parts that are signed when an upload starts, and at most at a time later.
             * @default 20
             */
            readonly signedParts?: number;
            /**
             * @description Time in which an upload must be completed.
             * @default 86400
             */
            readonly openSeconds?: number;
            /**
             * @description Time from its start for which a complete upload can be referred to, at least; it goes when that day (UTC) is over.
             * @default 604800
             */
            readonly keepSeconds?: number;
            /**
             * @description Whether clients may keep uploads for good, under a name of their own (`retain: "persist"`).
             * @default false
             */
            readonly persist?: boolean;
        };
        /** @description How webhooks go to the client. */
        readonly ConfigWebhooks: {
            /**
             * @description True: the platform is answered once a webhook is kept, and the gateway itself sends it for up to 3 days until the receiver takes it. False: the receiver's answer is the platform's, which tries three times.
             * @default false
             */
            readonly durable?: boolean;
            readonly signingKeys?: components["schemas"]["SecretReference"];
            /**
             * @description Largest body that is signed with `signingKeys` as well: it is in memory whole for that. Larger ones are signed by HMAC alone.
             * @default 262144
             */
            readonly ed25519MaxBytes?: number;
            /**
             * @description With `durable`: time in which one attempt must be over; `limits.idleTimeoutMs` holds as well.
             * @default 300
             */
            readonly attemptSeconds?: number;
            /**
             * @description With `durable`, on Node: pause between two looks for webhooks that are due. On Workers the cron trigger says when.
             * @default 5
             */
            readonly pollSeconds?: number;
        };
        /** @description The same file, uploaded before by the same caller. */
        readonly ExistingUpload: {
            /** @description True: there is nothing to upload. */
            readonly exists: boolean;
            /** @description What stands for the file anywhere in a request's input. */
            readonly ref: string;
            /** @description Id of the upload. */
            readonly uploadId: string;
            /**
             * Format: int64
             * @description Bytes of the file.
             */
            readonly size: number;
            /**
             * Format: date-time
             * @description When the file goes.
             */
            readonly expiresAt: string;
        };
        /** @description Jobs that one request has submitted, the latest first. */
        readonly FoundJobs: {
            /** @description The `X-Request-ID` that was asked for. */
            readonly requestId: string;
            /** @description The jobs; more than one where the request id was used again. */
            readonly jobs: readonly {
                /** @description Id of the job; absent while the platform has not said it. */
                readonly id?: string;
                /**
                 * Format: date-time
                 * @description When it was sent to the platform.
                 */
                readonly submittedAt: string;
            }[];
        };
        /** @description The gateway is well; when it is not there is a problem object instead. */
        readonly GatewayStatus: {
            /**
             * @description Always `ok`.
             * @enum {string}
             */
            readonly status: "ok";
        };
        /** @description Jobs and workers of an endpoint, counted by the platform. */
        readonly Health: {
            /** @description Jobs by state. */
            readonly jobs: {
                /** @description Jobs completed. */
                readonly completed?: number;
                /** @description Jobs failed. */
                readonly failed?: number;
                /** @description Jobs inProgress. */
                readonly inProgress?: number;
                /** @description Jobs inQueue. */
                readonly inQueue?: number;
                /** @description Jobs retried. */
                readonly retried?: number;
            };
            /** @description Workers by state. */
            readonly workers: {
                /** @description Workers idle. */
                readonly idle?: number;
                /** @description Workers running. */
                readonly running?: number;
                /** @description Workers initializing. */
                readonly initializing?: number;
                /** @description Workers ready. */
                readonly ready?: number;
                /** @description Workers throttled. */
                readonly throttled?: number;
                /** @description Workers unhealthy. */
                readonly unhealthy?: number;
            };
        };
        /** @description A job as the platform describes it, every secret removed. Fields that are not named here are passed on. */
        readonly Job: {
            /** @description Id of the job, given by the platform. */
            readonly id: string;
            /**
             * @description State of the job.
             * @enum {string}
             */
            readonly status: "IN_QUEUE" | "IN_PROGRESS" | "RUNNING" | "COMPLETED" | "FAILED" | "CANCELLED" | "TIMED_OUT";
            /** @description What the handler answered; links to the job's files work without a key. */
            readonly output?: unknown;
            /** @description Why the job failed, mostly a string. */
            readonly error?: unknown;
            /**
             * Format: int64
             * @description Milliseconds spent in the queue.
             */
            readonly delayTime?: number;
            /**
             * Format: int64
             * @description Milliseconds the handler ran.
             */
            readonly executionTime?: number;
            /** @description How often the platform tried again. */
            readonly retries?: number;
            /** @description The worker that ran it. */
            readonly workerId?: string;
        };
        /** @description What a streaming job said since it was last asked; each chunk is delivered once. */
        readonly JobChunks: {
            /**
             * @description State of the job.
             * @enum {string}
             */
            readonly status: "IN_QUEUE" | "IN_PROGRESS" | "RUNNING" | "COMPLETED" | "FAILED" | "CANCELLED" | "TIMED_OUT";
            /** @description The new chunks, oldest first. */
            readonly stream: readonly {
                /** @description What the handler yielded. */
                readonly output?: unknown;
                /** @description Figures of the platform. */
                readonly metrics?: {
                    readonly [key: string]: unknown;
                };
            }[];
        };
        /** @description A job as a form. A field lies below `input` where its name says: `image`, `images.0.image`, `images[]` for an item, or a JSON Pointer `/input/images/0`; the same name twice is an array. Fields with a file name, or of a type other than text/plain and application/json, are files. */
        readonly JobForm: {
            /** @description JSON object: the rest of the handler's input. A file may take the place of `null` in it. */
            readonly input?: string;
            /** @description https URL that is told of the end of the job. */
            readonly webhook?: string;
            /** @description JSON object: how long the job may wait and run. */
            readonly policy?: string;
            /** @description JSON object: the caller's own bucket. */
            readonly s3Config?: string;
        } & {
            readonly [key: string]: string;
        };
        /** @description Recent jobs of an endpoint. */
        readonly JobList: {
            /** @description The jobs. */
            readonly requests: readonly components["schemas"]["Job"][];
        };
        /** @description What would become of a request: the answer to `Prefer: return=plan`. */
        readonly JobPlan: {
            /** @description Whether the body would reach the platform as it came. */
            readonly untouched: boolean;
            /** @description Values that would be files. */
            readonly staged: readonly components["schemas"]["PlannedFile"][];
            /** @description Values that stand for uploads. */
            readonly uploads: readonly components["schemas"]["PlannedUpload"][];
            /** @description What is left of the request, without the keys and the webhook that are put in. */
            readonly left: {
                /**
                 * Format: int64
                 * @description Its size.
                 */
                readonly bytes: number;
                /**
                 * Format: int64
                 * @description What the platform takes.
                 */
                readonly limit: number;
            };
            /** @description How the worker would reach the files. */
            readonly access: {
                /**
                 * @description Whose keys it would be given; `volume`: none, the files lie on its network volume; `none` where none.
                 * @enum {string}
                 */
                readonly kind: "job-bucket" | "volume" | "sts" | "web-identity" | "r2" | "b2" | "none";
                /** @description Whether an `s3Config` would be put in. */
                readonly s3Config: boolean;
            };
        };
        /** @description A job as the client sends it. Fields that are not named here are passed on as they came. */
        readonly JobRequest: {
            /** @description The handler's input; large values in it are staged. */
            readonly input: {
                readonly [key: string]: unknown;
            };
            /** @description https URL that is told of the end of the job. */
            readonly webhook?: string | null;
            /** @description Passed on as it came. */
            readonly webhookV2?: string | null;
            /** @description How long the job may wait and run. */
            readonly policy?: {
                /**
                 * Format: int64
                 * @description Milliseconds the job may run.
                 * @default 600000
                 */
                readonly executionTimeout?: number;
                /**
                 * Format: int64
                 * @description Milliseconds from submission after which the job is deleted.
                 * @default 86400000
                 */
                readonly ttl?: number;
                /** @description Never scales the endpoint up for this job. */
                readonly lowPriority?: boolean;
            } | null;
            /** @description The caller's own bucket: it wins over the gateway's, is passed on untouched and its secrets are kept out of every response. */
            readonly s3Config?: {
                /** @description Access key id. */
                readonly accessId?: string;
                /** @description Secret access key. */
                readonly accessSecret?: string;
                /** @description Name of the bucket. */
                readonly bucketName?: string;
                /** @description URL of the store. */
                readonly endpointUrl?: string;
                /** @description Path below the bucket. */
                readonly objectPath?: string;
            } | null;
        };
        /** @description Parts whose URLs are wanted, and what has landed. */
        readonly PartsRequest: {
            /** @description Numbers of the parts, `uploads.signedParts` at most. */
            readonly partNumbers: readonly number[];
            /** @description SHA-256 of some of these parts, by their number; it is bound to the URL where the store checks it. */
            readonly sha256?: {
                readonly [key: string]: string;
            };
            /** @description What has been uploaded so far, for stores that cannot list parts: it shows progress and proves nothing. */
            readonly landed?: readonly components["schemas"]["UploadedPart"][];
        };
        /** @description A value of a request that would be a file. */
        readonly PlannedFile: {
            /** @description RFC 6901 pointer of the value. */
            readonly pointer: string;
            /**
             * Format: int64
             * @description Size of the file.
             */
            readonly bytes: number;
            /** @description As it was declared, or as its first bytes show. */
            readonly mediaType: string;
            /**
             * @description What the worker would get in its place.
             * @enum {string}
             */
            readonly as: "key" | "s3-uri" | "url" | "original" | "path";
            /** @description Id of the store, as in the configuration. */
            readonly store: string;
            /** @description Path in the job's bucket. */
            readonly path: string;
            /** @description Where the worker would find it on its network volume, where `as` is `path`; a job has a folder of its own, which has another name each time. */
            readonly workerPath?: string;
            /**
             * @description Why: it came as a file (in a form, or as the body), a rule says so, the endpoint stages everything, or the request could be too large for the platform.
             * @enum {string}
             */
            readonly because: "file" | "rule" | "stage-always" | "over-limit";
        };
        /** @description A value of a request that stands for an upload. */
        readonly PlannedUpload: {
            /** @description RFC 6901 pointer of the value. */
            readonly pointer: string;
            /**
             * @description What the worker would get in its place.
             * @enum {string}
             */
            readonly as: "key" | "s3-uri" | "url" | "original" | "path";
            /** @description Id of the store, as in the configuration. */
            readonly store: string;
            /** @description Path in the job's bucket. */
            readonly path: string;
            /** @description Where the worker would find it on its network volume, where `as` is `path`; a job has a folder of its own, which has another name each time. */
            readonly workerPath?: string;
        };
        /** @description An error of the gateway's own (RFC 9457), with the `error` text that the platform's clients read. */
        readonly Problem: {
            /** @description `about:blank`: the code says which problem it is. */
            readonly type: string;
            /** @description The problem in one sentence, the same for every occurrence. */
            readonly title: string;
            /** @description The HTTP status. */
            readonly status: number;
            /**
             * @description Stable name of the problem, to switch on.
             * @enum {string}
             */
            readonly code: "invalid_json" | "invalid_request" | "invalid_payload" | "nesting_too_deep" | "key_too_long" | "body_length_mismatch" | "client_gone" | "retention_refused" | "webhook_refused" | "invalid_form" | "digest_mismatch" | "upload_mismatch" | "unauthorized" | "forbidden" | "not_found" | "upload_not_found" | "retry_impossible" | "session_running" | "upload_incomplete" | "upload_offset" | "upload_expired" | "tus_version" | "body_too_large" | "too_many_items" | "content_encoding" | "unsupported_media_type" | "upload_locked" | "checksum_mismatch" | "internal_error" | "access_refused" | "upstream_unreachable" | "busy" | "access_unavailable" | "auth_unavailable" | "store_unavailable" | "job_not_bound" | "session_busy" | "volume_busy" | "misconfigured" | "volume_gone" | "volume_refused" | "volume_full";
            /** @description What happened this time and what to do. */
            readonly detail: string;
            /** @description The same text as `detail`. */
            readonly error: string;
            /** @description Id of the request, as in the log. */
            readonly requestId: string;
            /** @description JSON Pointer of the value at fault. */
            readonly pointer?: string;
            /**
             * Format: int64
             * @description Byte offset in the request body, from 0.
             */
            readonly offset?: number;
            /** @description Name of the limit that was passed, as in the configuration. */
            readonly limitName?: string;
            /**
             * Format: int64
             * @description The limit.
             */
            readonly limit?: number;
            /**
             * Format: int64
             * @description What was given.
             */
            readonly actual?: number;
            /** @description Part of an upload at fault, from 1. */
            readonly partNumber?: number;
        };
        /** @description How many waiting jobs were removed. */
        readonly PurgeResult: {
            /** @description Number of jobs. */
            readonly removed: number;
            /** @description `completed`. */
            readonly status: string;
        };
        /** @description What came of a webhook that was sent once more. */
        readonly Redelivery: {
            /** @description Its `webhook-id`, the same as before. */
            readonly id: string;
            /** @description Whether the receiver took it (2xx). */
            readonly delivered: boolean;
            /** @description What the receiver answered; 502 where it was a redirect, which is not followed. */
            readonly status: number;
        };
        /** @description Where a secret is found: never the secret itself. */
        readonly SecretReference: {
            /** @description Name of an environment variable (Node) or of a secret binding (Workers). */
            readonly env: string;
        };
        /** @description A directory that outlives jobs. */
        readonly Session: {
            /** @description Its name, as in `Bulkway-Session`. */
            readonly session: string;
            /** @description Files that it holds. */
            readonly files: number;
            /**
             * Format: int64
             * @description Bytes of these files.
             */
            readonly bytes: number;
            /** @description Whether it holds more files than were counted (100,000). */
            readonly hasMore: boolean;
            /** @description Whether a job has it, or is about to. */
            readonly isRunning: boolean;
            /** @description Ids of the jobs that have it, as far as the platform has said them. */
            readonly jobs: readonly string[];
            /**
             * Format: date-time
             * @description When it was first used.
             */
            readonly createdAt: string;
            /**
             * Format: date-time
             * @description When a job had it last.
             */
            readonly usedAt: string;
            /**
             * Format: date-time
             * @description When it goes with its files, unless a job has it before.
             */
            readonly expiresAt: string;
        };
        /** @description Where one part goes. */
        readonly SignedPart: {
            /** @description Number of the part, from 1. */
            readonly partNumber: number;
            /**
             * Format: int64
             * @description Bytes of the part, exactly: the length is bound to the URL.
             */
            readonly size: number;
            /**
             * @description How it is sent.
             * @enum {string}
             */
            readonly method: "PUT";
            /**
             * Format: uri
             * @description Where to; needs no key.
             */
            readonly url: string;
            /** @description Headers that must be sent with it. */
            readonly headers: {
                readonly [key: string]: string;
            };
        };
        /** @description Parts that were signed. */
        readonly SignedParts: {
            /** @description In the order asked for. */
            readonly parts: readonly components["schemas"]["SignedPart"][];
            /**
             * Format: date-time
             * @description When the URLs end.
             */
            readonly urlsExpireAt: string;
            /**
             * Format: date-time
             * @description When the upload must be complete.
             */
            readonly expiresAt: string;
        };
        /** @description An upload that can begin. */
        readonly StartedUpload: {
            /** @description Id of the upload. */
            readonly uploadId: string;
            /** @description What stands for the file anywhere in a request's input. */
            readonly ref: string;
            /**
             * Format: int64
             * @description Bytes of all parts but the last.
             */
            readonly partSize: number;
            /** @description Number of parts. */
            readonly partCount: number;
            /** @description The first parts; more are signed on demand. */
            readonly parts: readonly components["schemas"]["SignedPart"][];
            /**
             * Format: date-time
             * @description When the URLs end; sign the parts again then.
             */
            readonly urlsExpireAt: string;
            /**
             * Format: date-time
             * @description When the upload must be complete.
             */
            readonly expiresAt: string;
        };
        /** @description A client token, to be sent where a key is. */
        readonly Token: {
            /** @description The token; it cannot be read again. */
            readonly token: string;
            /**
             * @description `Authorization: Bearer {token}`.
             * @enum {string}
             */
            readonly tokenType: "Bearer";
            /**
             * Format: date-time
             * @description When it ends.
             */
            readonly expiresAt: string;
        };
        /** @description What a client token is to be good for; nothing of it can be more than the key that makes it. */
        readonly TokenRequest: {
            /** @description Whom the token is for: its jobs and uploads are then this subject's alone, and without it those of the key. */
            readonly subject?: string;
            /** @description Ids of the endpoints it may use; absent: those of the key. */
            readonly endpoints?: readonly string[];
            /**
             * Format: int64
             * @description Bytes that one request or upload may have at most; absent: as many as with the key.
             */
            readonly maxBytes?: number;
            /** @description Life of the token, `auth.tokenMaxSeconds` at most; absent: 900, or that where it is less. */
            readonly ttlSeconds?: number;
        };
        /** @description How far an upload is. */
        readonly Upload: {
            /** @description Id of the upload. */
            readonly uploadId: string;
            /** @description What stands for the file anywhere in a request's input. */
            readonly ref: string;
            /**
             * @description `failed`: what was uploaded is not what was announced, and is deleted.
             * @enum {string}
             */
            readonly state: "open" | "complete" | "failed";
            /**
             * Format: int64
             * @description Bytes of the file.
             */
            readonly size: number;
            /**
             * Format: int64
             * @description Bytes of all parts but the last.
             */
            readonly partSize: number;
            /** @description Number of parts. */
            readonly partCount: number;
            /** @description Parts of an open upload that the store has, or where it cannot tell those that were reported; in order. */
            readonly landed: readonly {
                /** @description Number of the part, from 1. */
                readonly partNumber: number;
                /**
                 * Format: int64
                 * @description Bytes.
                 */
                readonly size: number;
                /** @description The store's ETag of the part, from the answer to its PUT. */
                readonly etag: string;
            }[];
            /**
             * Format: date-time
             * @description Open: when it must be complete. Complete: when the file goes.
             */
            readonly expiresAt: string;
            /** @description The client's name for the file. */
            readonly filename: string;
            /** @description Media type. */
            readonly contentType: string;
        };
        /** @description A file that is to be uploaded. */
        readonly UploadRequest: {
            /** @description The client's name for it; shortened to 255 bytes, and made safe where it becomes a key. */
            readonly filename?: string;
            /** @description Media type; `application/octet-stream` where it says nothing. */
            readonly contentType?: string;
            /**
             * Format: int64
             * @description Bytes of the file.
             */
            readonly size: number;
            /** @description What the whole file must have; the gateway reads the file once to check it. */
            readonly checksum?: {
                /**
                 * @description The only one.
                 * @enum {string}
                 */
                readonly algorithm: "sha256";
                /** @description SHA-256, 64 hex digits. */
                readonly value: string;
            };
            /**
             * @description `persist` keeps the file for good under `name`, where the gateway allows it.
             * @default day
             * @enum {string}
             */
            readonly retain?: "day" | "persist";
            /** @description Name of a file that is kept: segments of letters, digits, `.`, `_` and `-`, separated by `/`. */
            readonly name?: string;
        };
        /** @description A part that the client has uploaded. */
        readonly UploadedPart: {
            /** @description Number of the part, from 1. */
            readonly partNumber: number;
            /** @description The store's ETag of the part, from the answer to its PUT. */
            readonly etag: string;
        };
        /** @description What the caller's webhooks are signed with. */
        readonly WebhookSecrets: {
            /** @description The caller's own secrets, the current one first: any of them verifies a `v1` signature. There are several while the gateway's master key changes. */
            readonly secrets: readonly string[];
            /** @description The gateway's Ed25519 keys, which verify `v1a` signatures; they are the same for every caller. */
            readonly publicKeys: readonly string[];
        };
    };
    responses: {
        /** @description The job is in the platform's queue, or the plan that was asked for */
        readonly QueuedJob: {
            headers: {
                readonly [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "id": "4f2a1c9e-77aa-4b6f-8a65-1d0f3a5b9c11-u1",
                 *       "status": "IN_QUEUE"
                 *     }
                 */
                readonly "application/json": components["schemas"]["Job"] | components["schemas"]["JobPlan"];
            };
        };
        /** @description The job, without secrets, or the plan that was asked for */
        readonly EndedJob: {
            headers: {
                readonly [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "id": "4f2a1c9e-77aa-4b6f-8a65-1d0f3a5b9c11-u1",
                 *       "status": "COMPLETED",
                 *       "delayTime": 120,
                 *       "executionTime": 2310,
                 *       "output": {
                 *         "image": "https://gateway.example/files/c2VhbGVkLWxpbms/result.png"
                 *       }
                 *     }
                 */
                readonly "application/json": components["schemas"]["Job"] | components["schemas"]["JobPlan"];
            };
        };
        /** @description The job, without secrets */
        readonly Job: {
            headers: {
                readonly [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "id": "4f2a1c9e-77aa-4b6f-8a65-1d0f3a5b9c11-u1",
                 *       "status": "COMPLETED",
                 *       "delayTime": 120,
                 *       "executionTime": 2310,
                 *       "output": {
                 *         "image": "https://gateway.example/files/c2VhbGVkLWxpbms/result.png"
                 *       }
                 *     }
                 */
                readonly "application/json": components["schemas"]["Job"];
            };
        };
        /** @description The chunks since the last request */
        readonly JobChunks: {
            headers: {
                readonly [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "status": "IN_PROGRESS",
                 *       "stream": [
                 *         {
                 *           "output": "Hello"
                 *         }
                 *       ]
                 *     }
                 */
                readonly "application/json": components["schemas"]["JobChunks"];
            };
        };
        /** @description The bytes of the file */
        readonly File: {
            headers: {
                /** @description Changes with the bytes */
                readonly ETag?: string;
                /** @description Bytes in this answer */
                readonly "Content-Length"?: number;
                readonly [name: string]: unknown;
            };
            content: {
                readonly "application/octet-stream": unknown;
            };
        };
        /** @description As in S3, in XML or empty */
        readonly S3Xml: {
            headers: {
                readonly [name: string]: unknown;
            };
            content: {
                readonly "application/xml": unknown;
            };
        };
        /** @description An error as S3 says it */
        readonly S3Error: {
            headers: {
                readonly [name: string]: unknown;
            };
            content: {
                readonly "application/xml": unknown;
            };
        };
        /** @description The request is not valid */
        readonly BadRequest: {
            headers: {
                readonly [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "type": "about:blank",
                 *       "title": "A payload is not valid base64",
                 *       "status": 400,
                 *       "code": "invalid_payload",
                 *       "detail": "Cannot decode \"/input/image\": character 40961 is not base64",
                 *       "error": "Cannot decode \"/input/image\": character 40961 is not base64",
                 *       "requestId": "7b0e8c2a-6a0d-4a53-9d43-0a4f6f0e4c55",
                 *       "pointer": "/input/image",
                 *       "offset": 40985
                 *     }
                 */
                readonly "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The API key is missing or not valid */
        readonly Unauthorized: {
            headers: {
                readonly [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "type": "about:blank",
                 *       "title": "The API key is missing or not valid",
                 *       "status": 401,
                 *       "code": "unauthorized",
                 *       "detail": "Send the API key as Authorization header",
                 *       "error": "Send the API key as Authorization header",
                 *       "requestId": "7b0e8c2a-6a0d-4a53-9d43-0a4f6f0e4c55"
                 *     }
                 */
                readonly "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The API key may not do this */
        readonly Forbidden: {
            headers: {
                readonly [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "type": "about:blank",
                 *       "title": "The API key may not do this",
                 *       "status": 403,
                 *       "code": "forbidden",
                 *       "detail": "Use a key with the admin scope",
                 *       "error": "Use a key with the admin scope",
                 *       "requestId": "7b0e8c2a-6a0d-4a53-9d43-0a4f6f0e4c55"
                 *     }
                 */
                readonly "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description There is no such endpoint, job or file, or it is not the caller's */
        readonly NotFound: {
            headers: {
                readonly [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "type": "about:blank",
                 *       "title": "There is nothing here",
                 *       "status": 404,
                 *       "code": "not_found",
                 *       "detail": "There is no such job",
                 *       "error": "There is no such job",
                 *       "requestId": "7b0e8c2a-6a0d-4a53-9d43-0a4f6f0e4c55"
                 *     }
                 */
                readonly "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The job cannot be retried */
        readonly Conflict: {
            headers: {
                readonly [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "type": "about:blank",
                 *       "title": "The job cannot be retried",
                 *       "status": 409,
                 *       "code": "retry_impossible",
                 *       "detail": "Submit the job again: its files are deleted",
                 *       "error": "Submit the job again: its files are deleted",
                 *       "requestId": "7b0e8c2a-6a0d-4a53-9d43-0a4f6f0e4c55"
                 *     }
                 */
                readonly "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description A job has the session */
        readonly SessionRunning: {
            headers: {
                readonly [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "type": "about:blank",
                 *       "title": "A job has the session",
                 *       "status": 409,
                 *       "code": "session_running",
                 *       "detail": "Cannot delete session run-42: a job has it: wait for the job, or cancel it first",
                 *       "error": "Cannot delete session run-42: a job has it: wait for the job, or cancel it first",
                 *       "requestId": "7b0e8c2a-6a0d-4a53-9d43-0a4f6f0e4c55"
                 *     }
                 */
                readonly "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description There is no such upload, or it is another caller's or endpoint's */
        readonly UploadNotFound: {
            headers: {
                readonly [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "type": "about:blank",
                 *       "title": "There is no such upload",
                 *       "status": 404,
                 *       "code": "upload_not_found",
                 *       "detail": "Cannot find this upload",
                 *       "error": "Cannot find this upload",
                 *       "requestId": "7b0e8c2a-6a0d-4a53-9d43-0a4f6f0e4c55"
                 *     }
                 */
                readonly "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description What was uploaded is not what was announced */
        readonly UploadMismatch: {
            headers: {
                readonly [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "type": "about:blank",
                 *       "title": "What was uploaded is not what was announced",
                 *       "status": 400,
                 *       "code": "upload_mismatch",
                 *       "detail": "Part 2 is not the one that was reported: other bytes were uploaded since",
                 *       "error": "Part 2 is not the one that was reported: other bytes were uploaded since",
                 *       "requestId": "7b0e8c2a-6a0d-4a53-9d43-0a4f6f0e4c55",
                 *       "partNumber": 2
                 *     }
                 */
                readonly "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description A part is missing */
        readonly UploadIncomplete: {
            headers: {
                readonly [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "type": "about:blank",
                 *       "title": "The upload is not complete",
                 *       "status": 409,
                 *       "code": "upload_incomplete",
                 *       "detail": "Upload part 2: the store has none",
                 *       "error": "Upload part 2: the store has none",
                 *       "requestId": "7b0e8c2a-6a0d-4a53-9d43-0a4f6f0e4c55",
                 *       "partNumber": 2
                 *     }
                 */
                readonly "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The upload has expired */
        readonly UploadExpired: {
            headers: {
                readonly [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "type": "about:blank",
                 *       "title": "The upload has expired",
                 *       "status": 410,
                 *       "code": "upload_expired",
                 *       "detail": "Start the upload again: its time was over at 2026-11-22T12:00:00.000Z",
                 *       "error": "Start the upload again: its time was over at 2026-11-22T12:00:00.000Z",
                 *       "requestId": "7b0e8c2a-6a0d-4a53-9d43-0a4f6f0e4c55"
                 *     }
                 */
                readonly "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The body is too large for the endpoint, even once staged */
        readonly TooLarge: {
            headers: {
                readonly [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "type": "about:blank",
                 *       "title": "The request is too large for the endpoint",
                 *       "status": 413,
                 *       "code": "body_too_large",
                 *       "detail": "Stage more of the body: 10485760 bytes allowed, 12000000 left",
                 *       "error": "Stage more of the body: 10485760 bytes allowed, 12000000 left",
                 *       "requestId": "7b0e8c2a-6a0d-4a53-9d43-0a4f6f0e4c55",
                 *       "limitName": "runMaxBytes",
                 *       "limit": 10485760,
                 *       "actual": 12000000
                 *     }
                 */
                readonly "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The content type or coding is not supported */
        readonly Unsupported: {
            headers: {
                readonly [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "type": "about:blank",
                 *       "title": "Compressed request bodies are not supported",
                 *       "status": 415,
                 *       "code": "content_encoding",
                 *       "detail": "Send the body without Content-Encoding",
                 *       "error": "Send the body without Content-Encoding",
                 *       "requestId": "7b0e8c2a-6a0d-4a53-9d43-0a4f6f0e4c55"
                 *     }
                 */
                readonly "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The network volume that the endpoint keeps files on has no room left */
        readonly VolumeFull: {
            headers: {
                readonly [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "type": "about:blank",
                 *       "title": "The network volume is full",
                 *       "status": 507,
                 *       "code": "volume_full",
                 *       "detail": "Delete files of the network volume b1c2d3e4f5 in EU-RO-1, run \"bulkway sweep\" or grow it: it has no room left",
                 *       "error": "Delete files of the network volume b1c2d3e4f5 in EU-RO-1, run \"bulkway sweep\" or grow it: it has no room left",
                 *       "requestId": "7b0e8c2a-6a0d-4a53-9d43-0a4f6f0e4c55"
                 *     }
                 */
                readonly "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Not now; the same request may succeed later. `busy`: too much at once. `store_unavailable`: the store did not answer. `session_busy`, `volume_busy`: another job has the session, or the volume to write to, after `waitSeconds`. `volume_gone`: the network volume is stopped or deleted. `volume_refused`: its key, its account's funds or the clock. `misconfigured`: the endpoint mounts other volumes than its store's. `Retry-After` is there where waiting helps */
        readonly Unavailable: {
            headers: {
                /** @description Seconds to wait */
                readonly "Retry-After"?: number;
                readonly [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "type": "about:blank",
                 *       "title": "The gateway is busy",
                 *       "status": 503,
                 *       "code": "busy",
                 *       "detail": "Try again in 2 seconds",
                 *       "error": "Try again in 2 seconds",
                 *       "requestId": "7b0e8c2a-6a0d-4a53-9d43-0a4f6f0e4c55"
                 *     }
                 */
                readonly "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description An error of the gateway's own; errors of the platform come as they are */
        readonly Problem: {
            headers: {
                readonly [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "type": "about:blank",
                 *       "title": "The upstream endpoint cannot be reached",
                 *       "status": 502,
                 *       "code": "upstream_unreachable",
                 *       "detail": "The upstream closed the connection",
                 *       "error": "The upstream closed the connection",
                 *       "requestId": "7b0e8c2a-6a0d-4a53-9d43-0a4f6f0e4c55"
                 *     }
                 */
                readonly "application/problem+json": components["schemas"]["Problem"];
            };
        };
    };
    parameters: {
        /**
         * @description Id of the upstream endpoint
         * @example demo
         */
        readonly EndpointId: string;
        /**
         * @description Id of the job, as the platform gave it
         * @example 4f2a1c9e-77aa-4b6f-8a65-1d0f3a5b9c11-u1
         */
        readonly JobId: string;
        /**
         * @description Id of the upload
         * @example kejqwzcmqzz5ul2pv7e5jzk7ye
         */
        readonly Upload: string;
        /** @description Milliseconds to wait for the end of the job; passed on to the platform */
        readonly Wait: number;
        /** @description Milliseconds for which the platform keeps the result; passed on */
        readonly Ttl: number;
        /** @description One range of bytes (RFC 9110) */
        readonly Range: string;
        /**
         * @description Any name; all mean the bucket of the job
         * @example job_files
         */
        readonly Bucket: string;
        /** @description Id of a multipart upload */
        readonly UploadId: string;
        /**
         * @description The caller's own name of this request, passed on; `GET /v2/{endpointId}/jobs?requestId=…` tells its job. It may be used again, but then it is the name of several jobs
         * @example order-4711
         */
        readonly XRequestId: string;
        /**
         * @description `return=plan` asks what would become of the request: it is read to its end and dropped
         * @example return=plan
         */
        readonly Prefer: string;
        /**
         * @description sha-256 or sha-512 of the body (RFC 9530), checked while it arrives
         * @example sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:
         */
        readonly ContentDigest: string;
        /** @description As Content-Digest */
        readonly ReprDigest: string;
        /**
         * @description Beside one file the rest of `input`, a JSON object or that as base64url
         * @example {"task":"digest"}
         */
        readonly BulkwayInput: string;
        /**
         * @description How long what belongs to the job is kept, within the endpoint's `retention`: `job`, a number of seconds from its end, or `persistent`: until it is deleted. A 400 `retention_refused` names the bound
         * @example 604800
         */
        readonly BulkwayRetention: string;
        /**
         * @description The session whose directory the job shares with those before and after it, where the endpoint has `sessions`. While another job has an exclusive one the request waits, then it is a 503 `session_busy`
         * @example run-42
         */
        readonly BulkwaySession: string;
        /**
         * @description Beside one file its name, where the query has none
         * @example attachment; filename="cat.png"
         */
        readonly ContentDisposition: string;
        /** @description Beside one file the rest of `input`, a JSON object */
        readonly Input: string;
        /** @description Beside one file its name */
        readonly Filename: string;
    };
    requestBodies: {
        /** @description JSON of any size, whose values that are large base64 strings are staged; or a form, whose files are; or one file, of any other type, which becomes `input.file`. A body whose Content-Encoding is not identity is refused. */
        readonly JobRequest: {
            readonly content: {
                /**
                 * @example {
                 *       "input": {
                 *         "task": "digest",
                 *         "image": "data:image/png;base64,iVBORw0KGgo="
                 *       },
                 *       "policy": {
                 *         "ttl": 86400000
                 *       }
                 *     }
                 */
                readonly "application/json": components["schemas"]["JobRequest"];
                /**
                 * @example {
                 *       "input": "{\"task\":\"digest\"}",
                 *       "image": "(file)"
                 *     }
                 */
                readonly "multipart/form-data": components["schemas"]["JobForm"];
                readonly "application/octet-stream": string;
                readonly "*/*": string;
            };
        };
    };
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    readonly submitJob: {
        readonly parameters: {
            readonly query?: {
                /** @description Beside one file the rest of `input`, a JSON object */
                readonly input?: components["parameters"]["Input"];
                /** @description Beside one file its name */
                readonly filename?: components["parameters"]["Filename"];
            };
            readonly header?: {
                /**
                 * @description The caller's own name of this request, passed on; `GET /v2/{endpointId}/jobs?requestId=…` tells its job. It may be used again, but then it is the name of several jobs
                 * @example order-4711
                 */
                readonly "X-Request-ID"?: components["parameters"]["XRequestId"];
                /**
                 * @description `return=plan` asks what would become of the request: it is read to its end and dropped
                 * @example return=plan
                 */
                readonly Prefer?: components["parameters"]["Prefer"];
                /**
                 * @description sha-256 or sha-512 of the body (RFC 9530), checked while it arrives
                 * @example sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:
                 */
                readonly "Content-Digest"?: components["parameters"]["ContentDigest"];
                /** @description As Content-Digest */
                readonly "Repr-Digest"?: components["parameters"]["ReprDigest"];
                /**
                 * @description Beside one file the rest of `input`, a JSON object or that as base64url
                 * @example {"task":"digest"}
                 */
                readonly "Bulkway-Input"?: components["parameters"]["BulkwayInput"];
                /**
                 * @description How long what belongs to the job is kept, within the endpoint's `retention`: `job`, a number of seconds from its end, or `persistent`: until it is deleted. A 400 `retention_refused` names the bound
                 * @example 604800
                 */
                readonly "Bulkway-Retention"?: components["parameters"]["BulkwayRetention"];
                /**
                 * @description The session whose directory the job shares with those before and after it, where the endpoint has `sessions`. While another job has an exclusive one the request waits, then it is a 503 `session_busy`
                 * @example run-42
                 */
                readonly "Bulkway-Session"?: components["parameters"]["BulkwaySession"];
                /**
                 * @description Beside one file its name, where the query has none
                 * @example attachment; filename="cat.png"
                 */
                readonly "Content-Disposition"?: components["parameters"]["ContentDisposition"];
            };
            readonly path: {
                /**
                 * @description Id of the upstream endpoint
                 * @example demo
                 */
                readonly endpointId: components["parameters"]["EndpointId"];
            };
            readonly cookie?: never;
        };
        readonly requestBody: components["requestBodies"]["JobRequest"];
        readonly responses: {
            readonly 200: components["responses"]["QueuedJob"];
            readonly 400: components["responses"]["BadRequest"];
            readonly 401: components["responses"]["Unauthorized"];
            readonly 404: components["responses"]["NotFound"];
            readonly 413: components["responses"]["TooLarge"];
            readonly 415: components["responses"]["Unsupported"];
            readonly 503: components["responses"]["Unavailable"];
            readonly 507: components["responses"]["VolumeFull"];
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly runJobSync: {
        readonly parameters: {
            readonly query?: {
                /** @description Milliseconds to wait for the end of the job; passed on to the platform */
                readonly wait?: components["parameters"]["Wait"];
                /** @description Beside one file the rest of `input`, a JSON object */
                readonly input?: components["parameters"]["Input"];
                /** @description Beside one file its name */
                readonly filename?: components["parameters"]["Filename"];
            };
            readonly header?: {
                /**
                 * @description The caller's own name of this request, passed on; `GET /v2/{endpointId}/jobs?requestId=…` tells its job. It may be used again, but then it is the name of several jobs
                 * @example order-4711
                 */
                readonly "X-Request-ID"?: components["parameters"]["XRequestId"];
                /**
                 * @description `return=plan` asks what would become of the request: it is read to its end and dropped
                 * @example return=plan
                 */
                readonly Prefer?: components["parameters"]["Prefer"];
                /**
                 * @description sha-256 or sha-512 of the body (RFC 9530), checked while it arrives
                 * @example sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:
                 */
                readonly "Content-Digest"?: components["parameters"]["ContentDigest"];
                /** @description As Content-Digest */
                readonly "Repr-Digest"?: components["parameters"]["ReprDigest"];
                /**
                 * @description Beside one file the rest of `input`, a JSON object or that as base64url
                 * @example {"task":"digest"}
                 */
                readonly "Bulkway-Input"?: components["parameters"]["BulkwayInput"];
                /**
                 * @description How long what belongs to the job is kept, within the endpoint's `retention`: `job`, a number of seconds from its end, or `persistent`: until it is deleted. A 400 `retention_refused` names the bound
                 * @example 604800
                 */
                readonly "Bulkway-Retention"?: components["parameters"]["BulkwayRetention"];
                /**
                 * @description The session whose directory the job shares with those before and after it, where the endpoint has `sessions`. While another job has an exclusive one the request waits, then it is a 503 `session_busy`
                 * @example run-42
                 */
                readonly "Bulkway-Session"?: components["parameters"]["BulkwaySession"];
                /**
                 * @description Beside one file its name, where the query has none
                 * @example attachment; filename="cat.png"
                 */
                readonly "Content-Disposition"?: components["parameters"]["ContentDisposition"];
            };
            readonly path: {
                /**
                 * @description Id of the upstream endpoint
                 * @example demo
                 */
                readonly endpointId: components["parameters"]["EndpointId"];
            };
            readonly cookie?: never;
        };
        readonly requestBody: components["requestBodies"]["JobRequest"];
        readonly responses: {
            readonly 200: components["responses"]["EndedJob"];
            readonly 400: components["responses"]["BadRequest"];
            readonly 401: components["responses"]["Unauthorized"];
            readonly 404: components["responses"]["NotFound"];
            readonly 413: components["responses"]["TooLarge"];
            readonly 415: components["responses"]["Unsupported"];
            readonly 503: components["responses"]["Unavailable"];
            readonly 507: components["responses"]["VolumeFull"];
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly getJobStatus: {
        readonly parameters: {
            readonly query?: {
                /** @description Milliseconds for which the platform keeps the result; passed on */
                readonly ttl?: components["parameters"]["Ttl"];
            };
            readonly header?: never;
            readonly path: {
                /**
                 * @description Id of the upstream endpoint
                 * @example demo
                 */
                readonly endpointId: components["parameters"]["EndpointId"];
                /**
                 * @description Id of the job, as the platform gave it
                 * @example 4f2a1c9e-77aa-4b6f-8a65-1d0f3a5b9c11-u1
                 */
                readonly jobId: components["parameters"]["JobId"];
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            readonly 200: components["responses"]["Job"];
            readonly 401: components["responses"]["Unauthorized"];
            readonly 404: components["responses"]["NotFound"];
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly postJobStatus: {
        readonly parameters: {
            readonly query?: {
                /** @description Milliseconds for which the platform keeps the result; passed on */
                readonly ttl?: components["parameters"]["Ttl"];
            };
            readonly header?: never;
            readonly path: {
                /**
                 * @description Id of the upstream endpoint
                 * @example demo
                 */
                readonly endpointId: components["parameters"]["EndpointId"];
                /**
                 * @description Id of the job, as the platform gave it
                 * @example 4f2a1c9e-77aa-4b6f-8a65-1d0f3a5b9c11-u1
                 */
                readonly jobId: components["parameters"]["JobId"];
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            readonly 200: components["responses"]["Job"];
            readonly 401: components["responses"]["Unauthorized"];
            readonly 404: components["responses"]["NotFound"];
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly waitJobStatus: {
        readonly parameters: {
            readonly query?: {
                /** @description Milliseconds to wait for the end of the job; passed on to the platform */
                readonly wait?: components["parameters"]["Wait"];
            };
            readonly header?: never;
            readonly path: {
                /**
                 * @description Id of the upstream endpoint
                 * @example demo
                 */
                readonly endpointId: components["parameters"]["EndpointId"];
                /**
                 * @description Id of the job, as the platform gave it
                 * @example 4f2a1c9e-77aa-4b6f-8a65-1d0f3a5b9c11-u1
                 */
                readonly jobId: components["parameters"]["JobId"];
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            readonly 200: components["responses"]["Job"];
            readonly 401: components["responses"]["Unauthorized"];
            readonly 404: components["responses"]["NotFound"];
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly postWaitJobStatus: {
        readonly parameters: {
            readonly query?: {
                /** @description Milliseconds to wait for the end of the job; passed on to the platform */
                readonly wait?: components["parameters"]["Wait"];
            };
            readonly header?: never;
            readonly path: {
                /**
                 * @description Id of the upstream endpoint
                 * @example demo
                 */
                readonly endpointId: components["parameters"]["EndpointId"];
                /**
                 * @description Id of the job, as the platform gave it
                 * @example 4f2a1c9e-77aa-4b6f-8a65-1d0f3a5b9c11-u1
                 */
                readonly jobId: components["parameters"]["JobId"];
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            readonly 200: components["responses"]["Job"];
            readonly 401: components["responses"]["Unauthorized"];
            readonly 404: components["responses"]["NotFound"];
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly streamJob: {
        readonly parameters: {
            readonly query?: {
                /** @description Milliseconds to wait for the end of the job; passed on to the platform */
                readonly wait?: components["parameters"]["Wait"];
            };
            readonly header?: never;
            readonly path: {
                /**
                 * @description Id of the upstream endpoint
                 * @example demo
                 */
                readonly endpointId: components["parameters"]["EndpointId"];
                /**
                 * @description Id of the job, as the platform gave it
                 * @example 4f2a1c9e-77aa-4b6f-8a65-1d0f3a5b9c11-u1
                 */
                readonly jobId: components["parameters"]["JobId"];
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            readonly 200: components["responses"]["JobChunks"];
            readonly 401: components["responses"]["Unauthorized"];
            readonly 404: components["responses"]["NotFound"];
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly postStreamJob: {
        readonly parameters: {
            readonly query?: {
                /** @description Milliseconds to wait for the end of the job; passed on to the platform */
                readonly wait?: components["parameters"]["Wait"];
            };
            readonly header?: never;
            readonly path: {
                /**
                 * @description Id of the upstream endpoint
                 * @example demo
                 */
                readonly endpointId: components["parameters"]["EndpointId"];
                /**
                 * @description Id of the job, as the platform gave it
                 * @example 4f2a1c9e-77aa-4b6f-8a65-1d0f3a5b9c11-u1
                 */
                readonly jobId: components["parameters"]["JobId"];
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            readonly 200: components["responses"]["JobChunks"];
            readonly 401: components["responses"]["Unauthorized"];
            readonly 404: components["responses"]["NotFound"];
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly cancelJob: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                /**
                 * @description Id of the upstream endpoint
                 * @example demo
                 */
                readonly endpointId: components["parameters"]["EndpointId"];
                /**
                 * @description Id of the job, as the platform gave it
                 * @example 4f2a1c9e-77aa-4b6f-8a65-1d0f3a5b9c11-u1
                 */
                readonly jobId: components["parameters"]["JobId"];
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            readonly 200: components["responses"]["Job"];
            readonly 401: components["responses"]["Unauthorized"];
            readonly 404: components["responses"]["NotFound"];
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly retryJob: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                /**
                 * @description Id of the upstream endpoint
                 * @example demo
                 */
                readonly endpointId: components["parameters"]["EndpointId"];
                /**
                 * @description Id of the job, as the platform gave it
                 * @example 4f2a1c9e-77aa-4b6f-8a65-1d0f3a5b9c11-u1
                 */
                readonly jobId: components["parameters"]["JobId"];
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            readonly 200: components["responses"]["Job"];
            readonly 401: components["responses"]["Unauthorized"];
            readonly 404: components["responses"]["NotFound"];
            readonly 409: components["responses"]["Conflict"];
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly findJobs: {
        readonly parameters: {
            readonly query: {
                /**
                 * @description The `X-Request-ID` that `run` or `runsync` was sent with
                 * @example order-4711
                 */
                readonly requestId: string;
            };
            readonly header?: never;
            readonly path: {
                /**
                 * @description Id of the upstream endpoint
                 * @example demo
                 */
                readonly endpointId: components["parameters"]["EndpointId"];
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description The jobs; none where there is no such request of this caller */
            readonly 200: {
                headers: {
                    /** @description Seconds after which an id that is missing may be known */
                    readonly "Retry-After"?: number;
                    readonly [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "requestId": "order-4711",
                     *       "jobs": [
                     *         {
                     *           "id": "sync-4f2a1c9e-77aa-4b6f-8a65-1d0f3a5b9c11-u1",
                     *           "submittedAt": "2026-11-21T12:00:00.000Z"
                     *         }
                     *       ]
                     *     }
                     */
                    readonly "application/json": components["schemas"]["FoundJobs"];
                };
            };
            readonly 400: components["responses"]["BadRequest"];
            readonly 401: components["responses"]["Unauthorized"];
            readonly 404: components["responses"]["NotFound"];
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly deleteJob: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                /**
                 * @description Id of the upstream endpoint
                 * @example demo
                 */
                readonly endpointId: components["parameters"]["EndpointId"];
                /**
                 * @description Id of the job, as the platform gave it
                 * @example 4f2a1c9e-77aa-4b6f-8a65-1d0f3a5b9c11-u1
                 */
                readonly jobId: components["parameters"]["JobId"];
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description The job's access and files are gone */
            readonly 204: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content?: never;
            };
            readonly 401: components["responses"]["Unauthorized"];
            readonly 404: components["responses"]["NotFound"];
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly readSession: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                /**
                 * @description Id of the upstream endpoint
                 * @example demo
                 */
                readonly endpointId: components["parameters"]["EndpointId"];
                /**
                 * @description Name of a session of the caller's own
                 * @example run-42
                 */
                readonly session: string;
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description The session */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "session": "run-42",
                     *       "files": 3,
                     *       "bytes": 73400320,
                     *       "hasMore": false,
                     *       "isRunning": true,
                     *       "jobs": [
                     *         "4f2a1c9e-77aa-4b6f-8a65-1d0f3a5b9c11-u1"
                     *       ],
                     *       "createdAt": "2026-11-21T12:00:00.000Z",
                     *       "usedAt": "2026-11-22T08:30:00.000Z",
                     *       "expiresAt": "2026-12-23T09:30:00.000Z"
                     *     }
                     */
                    readonly "application/json": components["schemas"]["Session"];
                };
            };
            readonly 400: components["responses"]["BadRequest"];
            readonly 401: components["responses"]["Unauthorized"];
            readonly 404: components["responses"]["NotFound"];
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly deleteSession: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                /**
                 * @description Id of the upstream endpoint
                 * @example demo
                 */
                readonly endpointId: components["parameters"]["EndpointId"];
                /**
                 * @description Name of a session of the caller's own
                 * @example run-42
                 */
                readonly session: string;
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description The session and its files are gone */
            readonly 204: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content?: never;
            };
            readonly 400: components["responses"]["BadRequest"];
            readonly 401: components["responses"]["Unauthorized"];
            readonly 404: components["responses"]["NotFound"];
            readonly 409: components["responses"]["SessionRunning"];
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly startUpload: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                /**
                 * @description Id of the upstream endpoint
                 * @example demo
                 */
                readonly endpointId: components["parameters"]["EndpointId"];
            };
            readonly cookie?: never;
        };
        /** @description What is to be uploaded */
        readonly requestBody: {
            readonly content: {
                /**
                 * @example {
                 *       "filename": "photo.png",
                 *       "contentType": "image/png",
                 *       "size": 20971520
                 *     }
                 */
                readonly "application/json": components["schemas"]["UploadRequest"];
            };
        };
        readonly responses: {
            /** @description The file is there already */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "exists": true,
                     *       "ref": "bulkway:kejqwzcmqzz5ul2pv7e5jzk7ye",
                     *       "uploadId": "kejqwzcmqzz5ul2pv7e5jzk7ye",
                     *       "size": 20971520,
                     *       "expiresAt": "2026-12-01T00:00:00.000Z"
                     *     }
                     */
                    readonly "application/json": components["schemas"]["ExistingUpload"];
                };
            };
            /** @description The upload can begin */
            readonly 201: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "uploadId": "kejqwzcmqzz5ul2pv7e5jzk7ye",
                     *       "ref": "bulkway:kejqwzcmqzz5ul2pv7e5jzk7ye",
                     *       "partSize": 16777216,
                     *       "partCount": 2,
                     *       "parts": [
                     *         {
                     *           "partNumber": 1,
                     *           "size": 16777216,
                     *           "method": "PUT",
                     *           "url": "https://store.example/bucket/2026-11-30/kejqwzcmqzz5ul2pv7e5jzk7ye/in/photo.png?partNumber=1&uploadId=…&X-Amz-Signature=…",
                     *           "headers": {}
                     *         },
                     *         {
                     *           "partNumber": 2,
                     *           "size": 4194304,
                     *           "method": "PUT",
                     *           "url": "https://store.example/bucket/2026-11-30/kejqwzcmqzz5ul2pv7e5jzk7ye/in/photo.png?partNumber=2&uploadId=…&X-Amz-Signature=…",
                     *           "headers": {}
                     *         }
                     *       ],
                     *       "urlsExpireAt": "2026-11-21T12:15:00.000Z",
                     *       "expiresAt": "2026-11-22T12:00:00.000Z"
                     *     }
                     */
                    readonly "application/json": components["schemas"]["StartedUpload"];
                };
            };
            readonly 400: components["responses"]["BadRequest"];
            readonly 401: components["responses"]["Unauthorized"];
            readonly 403: components["responses"]["Forbidden"];
            readonly 404: components["responses"]["NotFound"];
            readonly 413: components["responses"]["TooLarge"];
            readonly 503: components["responses"]["Unavailable"];
            readonly 507: components["responses"]["VolumeFull"];
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly readUpload: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                /**
                 * @description Id of the upstream endpoint
                 * @example demo
                 */
                readonly endpointId: components["parameters"]["EndpointId"];
                /**
                 * @description Id of the upload
                 * @example kejqwzcmqzz5ul2pv7e5jzk7ye
                 */
                readonly uploadId: components["parameters"]["Upload"];
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description The upload */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "uploadId": "kejqwzcmqzz5ul2pv7e5jzk7ye",
                     *       "ref": "bulkway:kejqwzcmqzz5ul2pv7e5jzk7ye",
                     *       "state": "open",
                     *       "size": 20971520,
                     *       "partSize": 16777216,
                     *       "partCount": 2,
                     *       "landed": [
                     *         {
                     *           "partNumber": 1,
                     *           "size": 16777216,
                     *           "etag": "\"5d41402abc4b2a76b9719d911017c592\""
                     *         }
                     *       ],
                     *       "expiresAt": "2026-11-22T12:00:00.000Z",
                     *       "filename": "photo.png",
                     *       "contentType": "image/png"
                     *     }
                     */
                    readonly "application/json": components["schemas"]["Upload"];
                };
            };
            readonly 401: components["responses"]["Unauthorized"];
            readonly 404: components["responses"]["UploadNotFound"];
            readonly 503: components["responses"]["Unavailable"];
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly deleteUpload: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                /**
                 * @description Id of the upstream endpoint
                 * @example demo
                 */
                readonly endpointId: components["parameters"]["EndpointId"];
                /**
                 * @description Id of the upload
                 * @example kejqwzcmqzz5ul2pv7e5jzk7ye
                 */
                readonly uploadId: components["parameters"]["Upload"];
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description The upload is gone */
            readonly 204: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content?: never;
            };
            readonly 401: components["responses"]["Unauthorized"];
            readonly 404: components["responses"]["UploadNotFound"];
            readonly 503: components["responses"]["Unavailable"];
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly signParts: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                /**
                 * @description Id of the upstream endpoint
                 * @example demo
                 */
                readonly endpointId: components["parameters"]["EndpointId"];
                /**
                 * @description Id of the upload
                 * @example kejqwzcmqzz5ul2pv7e5jzk7ye
                 */
                readonly uploadId: components["parameters"]["Upload"];
            };
            readonly cookie?: never;
        };
        /** @description Which parts */
        readonly requestBody: {
            readonly content: {
                /**
                 * @example {
                 *       "partNumbers": [
                 *         1,
                 *         2
                 *       ],
                 *       "landed": [
                 *         {
                 *           "partNumber": 3,
                 *           "etag": "\"5d41402abc4b2a76b9719d911017c592\""
                 *         }
                 *       ]
                 *     }
                 */
                readonly "application/json": components["schemas"]["PartsRequest"];
            };
        };
        readonly responses: {
            /** @description Where the parts go */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "parts": [
                     *         {
                     *           "partNumber": 1,
                     *           "size": 16777216,
                     *           "method": "PUT",
                     *           "url": "https://store.example/bucket/2026-11-30/kejqwzcmqzz5ul2pv7e5jzk7ye/in/photo.png?partNumber=1&uploadId=…&X-Amz-Signature=…",
                     *           "headers": {}
                     *         },
                     *         {
                     *           "partNumber": 2,
                     *           "size": 4194304,
                     *           "method": "PUT",
                     *           "url": "https://store.example/bucket/2026-11-30/kejqwzcmqzz5ul2pv7e5jzk7ye/in/photo.png?partNumber=2&uploadId=…&X-Amz-Signature=…",
                     *           "headers": {}
                     *         }
                     *       ],
                     *       "urlsExpireAt": "2026-11-21T12:15:00.000Z",
                     *       "expiresAt": "2026-11-22T12:00:00.000Z"
                     *     }
                     */
                    readonly "application/json": components["schemas"]["SignedParts"];
                };
            };
            readonly 400: components["responses"]["BadRequest"];
            readonly 401: components["responses"]["Unauthorized"];
            readonly 404: components["responses"]["UploadNotFound"];
            readonly 410: components["responses"]["UploadExpired"];
            readonly 503: components["responses"]["Unavailable"];
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly putPart: {
        readonly parameters: {
            readonly query: {
                /** @description The right to send this part, sealed */
                readonly claim: string;
            };
            readonly header?: never;
            readonly path: {
                /**
                 * @description Id of the upstream endpoint
                 * @example demo
                 */
                readonly endpointId: components["parameters"]["EndpointId"];
                /**
                 * @description Id of the upload
                 * @example kejqwzcmqzz5ul2pv7e5jzk7ye
                 */
                readonly uploadId: components["parameters"]["Upload"];
                /**
                 * @description Number of the part, from 1
                 * @example 1
                 */
                readonly partNumber: number;
            };
            readonly cookie?: never;
        };
        /** @description Exactly the bytes of the part */
        readonly requestBody: {
            readonly content: {
                readonly "application/octet-stream": unknown;
            };
        };
        readonly responses: {
            /** @description The part is in the store */
            readonly 200: {
                headers: {
                    /** @description Names the bytes of the part */
                    readonly ETag?: string;
                    readonly [name: string]: unknown;
                };
                content?: never;
            };
            readonly 400: components["responses"]["UploadMismatch"];
            readonly 404: components["responses"]["UploadNotFound"];
            readonly 503: components["responses"]["Unavailable"];
            readonly 507: components["responses"]["VolumeFull"];
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly completeUpload: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                /**
                 * @description Id of the upstream endpoint
                 * @example demo
                 */
                readonly endpointId: components["parameters"]["EndpointId"];
                /**
                 * @description Id of the upload
                 * @example kejqwzcmqzz5ul2pv7e5jzk7ye
                 */
                readonly uploadId: components["parameters"]["Upload"];
            };
            readonly cookie?: never;
        };
        /** @description All parts, with the ETags that the store answered */
        readonly requestBody: {
            readonly content: {
                /**
                 * @example {
                 *       "parts": [
                 *         {
                 *           "partNumber": 1,
                 *           "etag": "\"5d41402abc4b2a76b9719d911017c592\""
                 *         },
                 *         {
                 *           "partNumber": 2,
                 *           "etag": "\"7d793037a0760186574b0282f2f435e7\""
                 *         }
                 *       ]
                 *     }
                 */
                readonly "application/json": components["schemas"]["CompleteRequest"];
            };
        };
        readonly responses: {
            /** @description The file can be referred to */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "ref": "bulkway:kejqwzcmqzz5ul2pv7e5jzk7ye",
                     *       "uploadId": "kejqwzcmqzz5ul2pv7e5jzk7ye",
                     *       "size": 20971520,
                     *       "contentType": "image/png",
                     *       "filename": "photo.png",
                     *       "expiresAt": "2026-12-01T00:00:00.000Z"
                     *     }
                     */
                    readonly "application/json": components["schemas"]["CompletedUpload"];
                };
            };
            readonly 400: components["responses"]["UploadMismatch"];
            readonly 401: components["responses"]["Unauthorized"];
            readonly 404: components["responses"]["UploadNotFound"];
            readonly 409: components["responses"]["UploadIncomplete"];
            readonly 410: components["responses"]["UploadExpired"];
            readonly 503: components["responses"]["Unavailable"];
            readonly 507: components["responses"]["VolumeFull"];
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly listBatches: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                /**
                 * @description Id of the upstream endpoint
                 * @example demo
                 */
                readonly endpointId: components["parameters"]["EndpointId"];
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description The platform's answer, cleaned of what the gateway issued */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": unknown;
                };
            };
            readonly 401: components["responses"]["Unauthorized"];
            readonly 403: components["responses"]["Forbidden"];
            readonly 404: components["responses"]["NotFound"];
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly createBatch: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: {
                /**
                 * @description How long what belongs to the job is kept, within the endpoint's `retention`: `job`, a number of seconds from its end, or `persistent`: until it is deleted. A 400 `retention_refused` names the bound
                 * @example 604800
                 */
                readonly "Bulkway-Retention"?: components["parameters"]["BulkwayRetention"];
            };
            readonly path: {
                /**
                 * @description Id of the upstream endpoint
                 * @example demo
                 */
                readonly endpointId: components["parameters"]["EndpointId"];
            };
            readonly cookie?: never;
        };
        readonly requestBody: {
            readonly content: {
                /**
                 * @example [
                 *       {
                 *         "input": {
                 *           "prompt": "a cat"
                 *         }
                 *       }
                 *     ]
                 */
                readonly "application/json": readonly components["schemas"]["JobRequest"][];
            };
        };
        readonly responses: {
            /** @description The platform's answer, cleaned of what the gateway issued */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": unknown;
                };
            };
            readonly 401: components["responses"]["Unauthorized"];
            readonly 403: components["responses"]["Forbidden"];
            readonly 404: components["responses"]["NotFound"];
            readonly 413: components["responses"]["TooLarge"];
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly readBatch: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                /**
                 * @description Id of the upstream endpoint
                 * @example demo
                 */
                readonly endpointId: components["parameters"]["EndpointId"];
                /** @description The platform's id of the batch */
                readonly batchId: string;
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description The platform's answer, cleaned of what the gateway issued */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": unknown;
                };
            };
            readonly 401: components["responses"]["Unauthorized"];
            readonly 403: components["responses"]["Forbidden"];
            readonly 404: components["responses"]["NotFound"];
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly changeBatch: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                /**
                 * @description Id of the upstream endpoint
                 * @example demo
                 */
                readonly endpointId: components["parameters"]["EndpointId"];
                /** @description The platform's id of the batch */
                readonly batchId: string;
            };
            readonly cookie?: never;
        };
        readonly requestBody?: {
            readonly content: {
                readonly "application/json": Record<string, never>;
            };
        };
        readonly responses: {
            /** @description The platform's answer, cleaned of what the gateway issued */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": unknown;
                };
            };
            readonly 401: components["responses"]["Unauthorized"];
            readonly 403: components["responses"]["Forbidden"];
            readonly 404: components["responses"]["NotFound"];
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly listBatchRequests: {
        readonly parameters: {
            readonly query?: {
                /** @description Requests to skip */
                readonly offset?: number;
                /** @description Requests in one answer */
                readonly limit?: number;
            };
            readonly header?: never;
            readonly path: {
                /**
                 * @description Id of the upstream endpoint
                 * @example demo
                 */
                readonly endpointId: components["parameters"]["EndpointId"];
                /** @description The platform's id of the batch */
                readonly batchId: string;
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description The platform's answer, cleaned of what the gateway issued */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": unknown;
                };
            };
            readonly 401: components["responses"]["Unauthorized"];
            readonly 403: components["responses"]["Forbidden"];
            readonly 404: components["responses"]["NotFound"];
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly addBatchRequests: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: {
                /**
                 * @description How long what belongs to the job is kept, within the endpoint's `retention`: `job`, a number of seconds from its end, or `persistent`: until it is deleted. A 400 `retention_refused` names the bound
                 * @example 604800
                 */
                readonly "Bulkway-Retention"?: components["parameters"]["BulkwayRetention"];
            };
            readonly path: {
                /**
                 * @description Id of the upstream endpoint
                 * @example demo
                 */
                readonly endpointId: components["parameters"]["EndpointId"];
                /** @description The platform's id of the batch */
                readonly batchId: string;
            };
            readonly cookie?: never;
        };
        readonly requestBody: {
            readonly content: {
                /**
                 * @example {
                 *       "requests": [
                 *         {
                 *           "input": {
                 *             "prompt": "a cat"
                 *           }
                 *         }
                 *       ]
                 *     }
                 */
                readonly "application/json": {
                    readonly requests: readonly components["schemas"]["JobRequest"][];
                };
            };
        };
        readonly responses: {
            /** @description The platform's answer, cleaned of what the gateway issued */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": unknown;
                };
            };
            readonly 401: components["responses"]["Unauthorized"];
            readonly 403: components["responses"]["Forbidden"];
            readonly 404: components["responses"]["NotFound"];
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly removeBatchRequest: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                /**
                 * @description Id of the upstream endpoint
                 * @example demo
                 */
                readonly endpointId: components["parameters"]["EndpointId"];
                /** @description The platform's id of the batch */
                readonly batchId: string;
                /** @description The platform's id of the request */
                readonly requestId: string;
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description The platform's answer, cleaned of what the gateway issued */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": unknown;
                };
            };
            readonly 401: components["responses"]["Unauthorized"];
            readonly 403: components["responses"]["Forbidden"];
            readonly 404: components["responses"]["NotFound"];
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly finalizeBatch: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                /**
                 * @description Id of the upstream endpoint
                 * @example demo
                 */
                readonly endpointId: components["parameters"]["EndpointId"];
                /** @description The platform's id of the batch */
                readonly batchId: string;
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description The platform's answer, cleaned of what the gateway issued */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": unknown;
                };
            };
            readonly 401: components["responses"]["Unauthorized"];
            readonly 403: components["responses"]["Forbidden"];
            readonly 404: components["responses"]["NotFound"];
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly cancelBatch: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                /**
                 * @description Id of the upstream endpoint
                 * @example demo
                 */
                readonly endpointId: components["parameters"]["EndpointId"];
                /** @description The platform's id of the batch */
                readonly batchId: string;
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description The platform's answer, cleaned of what the gateway issued */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": unknown;
                };
            };
            readonly 401: components["responses"]["Unauthorized"];
            readonly 403: components["responses"]["Forbidden"];
            readonly 404: components["responses"]["NotFound"];
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly purgeQueue: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                /**
                 * @description Id of the upstream endpoint
                 * @example demo
                 */
                readonly endpointId: components["parameters"]["EndpointId"];
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description The waiting jobs are removed */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "removed": 3,
                     *       "status": "completed"
                     *     }
                     */
                    readonly "application/json": components["schemas"]["PurgeResult"];
                };
            };
            readonly 401: components["responses"]["Unauthorized"];
            readonly 403: components["responses"]["Forbidden"];
            readonly 404: components["responses"]["NotFound"];
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly getEndpointHealth: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                /**
                 * @description Id of the upstream endpoint
                 * @example demo
                 */
                readonly endpointId: components["parameters"]["EndpointId"];
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description The platform's figures */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "jobs": {
                     *         "completed": 12,
                     *         "failed": 0,
                     *         "inProgress": 1,
                     *         "inQueue": 0,
                     *         "retried": 0
                     *       },
                     *       "workers": {
                     *         "idle": 1,
                     *         "running": 1
                     *       }
                     *     }
                     */
                    readonly "application/json": components["schemas"]["Health"];
                };
            };
            readonly 401: components["responses"]["Unauthorized"];
            readonly 404: components["responses"]["NotFound"];
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly listJobs: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                /**
                 * @description Id of the upstream endpoint
                 * @example demo
                 */
                readonly endpointId: components["parameters"]["EndpointId"];
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description The platform's list, without secrets */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "requests": [
                     *         {
                     *           "id": "4f2a1c9e-77aa-4b6f-8a65-1d0f3a5b9c11-u1",
                     *           "status": "COMPLETED"
                     *         }
                     *       ]
                     *     }
                     */
                    readonly "application/json": components["schemas"]["JobList"];
                };
            };
            readonly 401: components["responses"]["Unauthorized"];
            readonly 403: components["responses"]["Forbidden"];
            readonly 404: components["responses"]["NotFound"];
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly getFromOpenai: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                /**
                 * @description Id of the upstream endpoint
                 * @example demo
                 */
                readonly endpointId: components["parameters"]["EndpointId"];
                /** @description A path of the OpenAI API, such as `v1/chat/completions`; it may contain `/` */
                readonly path: string;
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description The worker's answer, streamed as it comes, whatever its status */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": unknown;
                    readonly "text/event-stream": string;
                    readonly "*/*": unknown;
                };
            };
            /** @description An error of the gateway's own (RFC 9457), as clients of OpenAI read it */
            readonly default: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/problem+json": {
                        readonly type: string;
                        readonly title: string;
                        readonly status: number;
                        readonly detail: string;
                        readonly code: string;
                        readonly requestId: string;
                        readonly error: {
                            readonly message: string;
                            /** @enum {string} */
                            readonly type: "invalid_request_error" | "server_error";
                            readonly param: string | null;
                            readonly code: string;
                        };
                    };
                };
            };
        };
    };
    readonly submitToOpenai: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                /**
                 * @description Id of the upstream endpoint
                 * @example demo
                 */
                readonly endpointId: components["parameters"]["EndpointId"];
                /** @description A path of the OpenAI API, such as `v1/chat/completions`; it may contain `/` */
                readonly path: string;
            };
            readonly cookie?: never;
        };
        /** @description What the OpenAI API takes there */
        readonly requestBody?: {
            readonly content: {
                readonly "application/json": unknown;
                readonly "multipart/form-data": unknown;
            };
        };
        readonly responses: {
            /** @description The worker's answer, streamed as it comes, whatever its status */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": unknown;
                    readonly "text/event-stream": string;
                    readonly "*/*": unknown;
                };
            };
            /** @description An error of the gateway's own (RFC 9457), as clients of OpenAI read it */
            readonly default: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/problem+json": {
                        readonly type: string;
                        readonly title: string;
                        readonly status: number;
                        readonly detail: string;
                        readonly code: string;
                        readonly requestId: string;
                        readonly error: {
                            readonly message: string;
                            /** @enum {string} */
                            readonly type: "invalid_request_error" | "server_error";
                            readonly param: string | null;
                            readonly code: string;
                        };
                    };
                };
            };
        };
    };
    readonly createTusUpload: {
        readonly parameters: {
            readonly query?: never;
            readonly header: {
                /**
                 * @description The version of the protocol
                 * @example 1.0.0
                 */
                readonly "Tus-Resumable": "1.0.0";
                /**
                 * @description Bytes of the file
                 * @example 20971520
                 */
                readonly "Upload-Length": number;
                /**
                 * @description Pairs of a key and a value in base64
                 * @example filename cGhvdG8ucG5n,filetype aW1hZ2UvcG5n
                 */
                readonly "Upload-Metadata"?: string;
                /**
                 * @description sha1, sha256 or sha512, and the digest of this request's bytes in base64
                 * @example sha1 2jmj7l5rSw0yVb/vlWAYkK/YBwk=
                 */
                readonly "Upload-Checksum"?: string;
            };
            readonly path: {
                /**
                 * @description Id of the upstream endpoint
                 * @example demo
                 */
                readonly endpointId: components["parameters"]["EndpointId"];
            };
            readonly cookie?: never;
        };
        /** @description The first bytes, or none */
        readonly requestBody?: {
            readonly content: {
                readonly "application/offset+octet-stream": string;
            };
        };
        readonly responses: {
            /** @description The upload */
            readonly 201: {
                headers: {
                    /** @description Its URL */
                    readonly Location?: string;
                    /** @description Bytes that the gateway has for good */
                    readonly "Upload-Offset"?: number;
                    /** @description When an unfinished upload ends, as an HTTP date */
                    readonly "Upload-Expires"?: string;
                    /** @description The ref of the complete upload */
                    readonly "Bulkway-Ref"?: string;
                    readonly [name: string]: unknown;
                };
                content?: never;
            };
            readonly 400: components["responses"]["BadRequest"];
            readonly 401: components["responses"]["Unauthorized"];
            readonly 404: components["responses"]["NotFound"];
            /** @description Another version of tus */
            readonly 412: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content?: never;
            };
            readonly 413: components["responses"]["TooLarge"];
            /** @description The bytes do not have their checksum; none of them counts */
            readonly 460: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content?: never;
            };
            readonly 503: components["responses"]["Unavailable"];
            readonly 507: components["responses"]["VolumeFull"];
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly describeTus: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                /**
                 * @description Id of the upstream endpoint
                 * @example demo
                 */
                readonly endpointId: components["parameters"]["EndpointId"];
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description Version, extensions and limits */
            readonly 204: {
                headers: {
                    /** @description Versions of the protocol */
                    readonly "Tus-Version"?: string;
                    /** @description Its extensions */
                    readonly "Tus-Extension"?: string;
                    /** @description Bytes of the largest file */
                    readonly "Tus-Max-Size"?: number;
                    /** @description Algorithms of checksums */
                    readonly "Tus-Checksum-Algorithm"?: string;
                    readonly [name: string]: unknown;
                };
                content?: never;
            };
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly getTusOffset: {
        readonly parameters: {
            readonly query?: never;
            readonly header: {
                /**
                 * @description The version of the protocol
                 * @example 1.0.0
                 */
                readonly "Tus-Resumable": "1.0.0";
            };
            readonly path: {
                /**
                 * @description Id of the upstream endpoint
                 * @example demo
                 */
                readonly endpointId: components["parameters"]["EndpointId"];
                /**
                 * @description Id of the upload
                 * @example kejqwzcmqzz5ul2pv7e5jzk7ye
                 */
                readonly uploadId: components["parameters"]["Upload"];
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description How far it is */
            readonly 200: {
                headers: {
                    /** @description Bytes that the gateway has for good */
                    readonly "Upload-Offset"?: number;
                    /** @description Bytes of the file */
                    readonly "Upload-Length"?: number;
                    /** @description As it was given */
                    readonly "Upload-Metadata"?: string;
                    /** @description When an unfinished upload ends, as an HTTP date */
                    readonly "Upload-Expires"?: string;
                    /** @description The ref of the complete upload */
                    readonly "Bulkway-Ref"?: string;
                    readonly [name: string]: unknown;
                };
                content?: never;
            };
            readonly 401: components["responses"]["Unauthorized"];
            readonly 404: components["responses"]["UploadNotFound"];
            readonly 410: components["responses"]["UploadExpired"];
            /** @description Another version of tus */
            readonly 412: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content?: never;
            };
            readonly 503: components["responses"]["Unavailable"];
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly overrideTusMethod: {
        readonly parameters: {
            readonly query?: never;
            readonly header: {
                /**
                 * @description The version of the protocol
                 * @example 1.0.0
                 */
                readonly "Tus-Resumable": "1.0.0";
                /**
                 * @description The method that is meant
                 * @example PATCH
                 */
                readonly "X-HTTP-Method-Override": "HEAD" | "PATCH" | "DELETE";
            };
            readonly path: {
                /**
                 * @description Id of the upstream endpoint
                 * @example demo
                 */
                readonly endpointId: components["parameters"]["EndpointId"];
                /**
                 * @description Id of the upload
                 * @example kejqwzcmqzz5ul2pv7e5jzk7ye
                 */
                readonly uploadId: components["parameters"]["Upload"];
            };
            readonly cookie?: never;
        };
        /** @description The next bytes, for PATCH */
        readonly requestBody?: {
            readonly content: {
                readonly "application/offset+octet-stream": string;
            };
        };
        readonly responses: {
            /** @description The bytes are kept */
            readonly 204: {
                headers: {
                    /** @description Bytes that the gateway has for good */
                    readonly "Upload-Offset"?: number;
                    /** @description When an unfinished upload ends, as an HTTP date */
                    readonly "Upload-Expires"?: string;
                    /** @description The ref of the complete upload */
                    readonly "Bulkway-Ref"?: string;
                    readonly [name: string]: unknown;
                };
                content?: never;
            };
            readonly 400: components["responses"]["UploadMismatch"];
            readonly 401: components["responses"]["Unauthorized"];
            readonly 404: components["responses"]["UploadNotFound"];
            /** @description The upload is at another offset */
            readonly 409: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content?: never;
            };
            readonly 410: components["responses"]["UploadExpired"];
            /** @description Another version of tus */
            readonly 412: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content?: never;
            };
            readonly 413: components["responses"]["TooLarge"];
            readonly 415: components["responses"]["Unsupported"];
            /** @description Another request is writing the upload */
            readonly 423: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The bytes do not have their checksum; none of them counts */
            readonly 460: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content?: never;
            };
            readonly 503: components["responses"]["Unavailable"];
            readonly 507: components["responses"]["VolumeFull"];
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly endTusUpload: {
        readonly parameters: {
            readonly query?: never;
            readonly header: {
                /**
                 * @description The version of the protocol
                 * @example 1.0.0
                 */
                readonly "Tus-Resumable": "1.0.0";
            };
            readonly path: {
                /**
                 * @description Id of the upstream endpoint
                 * @example demo
                 */
                readonly endpointId: components["parameters"]["EndpointId"];
                /**
                 * @description Id of the upload
                 * @example kejqwzcmqzz5ul2pv7e5jzk7ye
                 */
                readonly uploadId: components["parameters"]["Upload"];
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description Nothing of it is left */
            readonly 204: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content?: never;
            };
            readonly 401: components["responses"]["Unauthorized"];
            readonly 404: components["responses"]["UploadNotFound"];
            /** @description Another version of tus */
            readonly 412: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content?: never;
            };
            readonly 503: components["responses"]["Unavailable"];
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly readTusOffset: {
        readonly parameters: {
            readonly query?: never;
            readonly header: {
                /**
                 * @description The version of the protocol
                 * @example 1.0.0
                 */
                readonly "Tus-Resumable": "1.0.0";
            };
            readonly path: {
                /**
                 * @description Id of the upstream endpoint
                 * @example demo
                 */
                readonly endpointId: components["parameters"]["EndpointId"];
                /**
                 * @description Id of the upload
                 * @example kejqwzcmqzz5ul2pv7e5jzk7ye
                 */
                readonly uploadId: components["parameters"]["Upload"];
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description How far it is */
            readonly 200: {
                headers: {
                    /** @description Bytes that the gateway has for good */
                    readonly "Upload-Offset"?: number;
                    /** @description Bytes of the file */
                    readonly "Upload-Length"?: number;
                    /** @description As it was given */
                    readonly "Upload-Metadata"?: string;
                    /** @description When an unfinished upload ends, as an HTTP date */
                    readonly "Upload-Expires"?: string;
                    /** @description The ref of the complete upload */
                    readonly "Bulkway-Ref"?: string;
                    readonly [name: string]: unknown;
                };
                content?: never;
            };
            readonly 401: components["responses"]["Unauthorized"];
            readonly 404: components["responses"]["UploadNotFound"];
            readonly 410: components["responses"]["UploadExpired"];
            /** @description Another version of tus */
            readonly 412: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content?: never;
            };
            readonly 503: components["responses"]["Unavailable"];
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly appendTusUpload: {
        readonly parameters: {
            readonly query?: never;
            readonly header: {
                /**
                 * @description The version of the protocol
                 * @example 1.0.0
                 */
                readonly "Tus-Resumable": "1.0.0";
                /**
                 * @description Where these bytes go; the one that HEAD tells
                 * @example 0
                 */
                readonly "Upload-Offset": number;
                /**
                 * @description sha1, sha256 or sha512, and the digest of this request's bytes in base64
                 * @example sha1 2jmj7l5rSw0yVb/vlWAYkK/YBwk=
                 */
                readonly "Upload-Checksum"?: string;
            };
            readonly path: {
                /**
                 * @description Id of the upstream endpoint
                 * @example demo
                 */
                readonly endpointId: components["parameters"]["EndpointId"];
                /**
                 * @description Id of the upload
                 * @example kejqwzcmqzz5ul2pv7e5jzk7ye
                 */
                readonly uploadId: components["parameters"]["Upload"];
            };
            readonly cookie?: never;
        };
        /** @description The next bytes */
        readonly requestBody: {
            readonly content: {
                readonly "application/offset+octet-stream": string;
            };
        };
        readonly responses: {
            /** @description The bytes are kept */
            readonly 204: {
                headers: {
                    /** @description Bytes that the gateway has for good */
                    readonly "Upload-Offset"?: number;
                    /** @description When an unfinished upload ends, as an HTTP date */
                    readonly "Upload-Expires"?: string;
                    /** @description The ref of the complete upload */
                    readonly "Bulkway-Ref"?: string;
                    readonly [name: string]: unknown;
                };
                content?: never;
            };
            readonly 400: components["responses"]["UploadMismatch"];
            readonly 401: components["responses"]["Unauthorized"];
            readonly 404: components["responses"]["UploadNotFound"];
            /** @description The upload is at another offset */
            readonly 409: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content?: never;
            };
            readonly 410: components["responses"]["UploadExpired"];
            /** @description Another version of tus */
            readonly 412: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content?: never;
            };
            readonly 413: components["responses"]["TooLarge"];
            readonly 415: components["responses"]["Unsupported"];
            /** @description Another request is writing the upload */
            readonly 423: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The bytes do not have their checksum; none of them counts */
            readonly 460: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content?: never;
            };
            readonly 503: components["responses"]["Unavailable"];
            readonly 507: components["responses"]["VolumeFull"];
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly createToken: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody?: {
            readonly content: {
                /**
                 * @example {
                 *       "subject": "visitor-81",
                 *       "endpoints": [
                 *         "demo"
                 *       ],
                 *       "maxBytes": 104857600,
                 *       "ttlSeconds": 900
                 *     }
                 */
                readonly "application/json": components["schemas"]["TokenRequest"];
            };
        };
        readonly responses: {
            /** @description The token */
            readonly 201: {
                headers: {
                    /** @description Always `no-store` */
                    readonly "Cache-Control"?: string;
                    readonly [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "token": "eyJhbGciOiJIUzI1NiIsInR5cCI6ImNsaWVudC10b2tlbitqd3QiLCJraWQiOiJrMSJ9.e30.c2lnbmF0dXJl",
                     *       "tokenType": "Bearer",
                     *       "expiresAt": "2026-11-21T12:15:00.000Z"
                     *     }
                     */
                    readonly "application/json": components["schemas"]["Token"];
                };
            };
            readonly 400: components["responses"]["BadRequest"];
            readonly 401: components["responses"]["Unauthorized"];
            readonly 403: components["responses"]["Forbidden"];
            readonly 404: components["responses"]["NotFound"];
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly getFile: {
        readonly parameters: {
            readonly query?: {
                /** @description `links`, as in links to outputs that were too long as a whole: the references in that JSON are links too. It has no ranges, and no length beforehand. */
                readonly references?: "links";
            };
            readonly header?: {
                /** @description One range of bytes (RFC 9110) */
                readonly Range?: components["parameters"]["Range"];
            };
            readonly path: {
                /** @description The grant, path and expiry, sealed by the gateway */
                readonly sealed: string;
                /** @description Name of the file, for the reader's eyes alone */
                readonly name: string;
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            readonly 200: components["responses"]["File"];
            readonly 206: components["responses"]["File"];
            /** @description GET alone: the file is at the store for `presignSeconds`, in `Location` */
            readonly 302: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The file is the one that the client has */
            readonly 304: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content?: never;
            };
            readonly 404: components["responses"]["NotFound"];
            /** @description The file is not the one that the client has asked for */
            readonly 412: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The range lies outside of the file */
            readonly 416: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content?: never;
            };
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly headFile: {
        readonly parameters: {
            readonly query?: {
                /** @description `links`, as in links to outputs that were too long as a whole: the references in that JSON are links too. It has no ranges, and no length beforehand. */
                readonly references?: "links";
            };
            readonly header?: {
                /** @description One range of bytes (RFC 9110) */
                readonly Range?: components["parameters"]["Range"];
            };
            readonly path: {
                /** @description The grant, path and expiry, sealed by the gateway */
                readonly sealed: string;
                /** @description Name of the file, for the reader's eyes alone */
                readonly name: string;
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            readonly 200: components["responses"]["File"];
            readonly 206: components["responses"]["File"];
            /** @description GET alone: the file is at the store for `presignSeconds`, in `Location` */
            readonly 302: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The file is the one that the client has */
            readonly 304: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content?: never;
            };
            readonly 404: components["responses"]["NotFound"];
            /** @description The file is not the one that the client has asked for */
            readonly 412: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The range lies outside of the file */
            readonly 416: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content?: never;
            };
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly getWebhookSecrets: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                /**
                 * @description Id of the upstream endpoint
                 * @example demo
                 */
                readonly endpointId: components["parameters"]["EndpointId"];
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description The caller's secrets */
            readonly 200: {
                headers: {
                    /** @description Always `no-store` */
                    readonly "Cache-Control"?: "no-store";
                    readonly [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "secrets": [
                     *         "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oDMfIEyB9EHaI="
                     *       ],
                     *       "publicKeys": [
                     *         "whpk_kC0eNVDfdsyFFpGpJk1LNvFJqGPqWDvBEjKDlwcvrGU="
                     *       ]
                     *     }
                     */
                    readonly "application/json": components["schemas"]["WebhookSecrets"];
                };
            };
            readonly 401: components["responses"]["Unauthorized"];
            readonly 404: components["responses"]["NotFound"];
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly redeliverWebhook: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                /**
                 * @description Id of the upstream endpoint
                 * @example demo
                 */
                readonly endpointId: components["parameters"]["EndpointId"];
                /**
                 * @description Id of the job, as the platform gave it
                 * @example 4f2a1c9e-77aa-4b6f-8a65-1d0f3a5b9c11-u1
                 */
                readonly jobId: components["parameters"]["JobId"];
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description The receiver was asked */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "id": "msg_kejqwzcmqzz5ul2pv7e5jzk7ye",
                     *       "delivered": true,
                     *       "status": 204
                     *     }
                     */
                    readonly "application/json": components["schemas"]["Redelivery"];
                };
            };
            readonly 400: components["responses"]["BadRequest"];
            readonly 401: components["responses"]["Unauthorized"];
            readonly 404: components["responses"]["NotFound"];
            readonly 503: components["responses"]["Unavailable"];
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly relayWebhook: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                /** @description The grant that the webhook belongs to, sealed by the gateway */
                readonly sealed: string;
            };
            readonly cookie?: never;
        };
        readonly requestBody: {
            readonly content: {
                /**
                 * @example {
                 *       "id": "4f2a1c9e-77aa-4b6f-8a65-1d0f3a5b9c11-u1",
                 *       "status": "COMPLETED",
                 *       "output": {
                 *         "ok": true
                 *       }
                 *     }
                 */
                readonly "application/json": components["schemas"]["Job"];
            };
        };
        readonly responses: {
            /** @description The client took it, or it is kept */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content?: never;
            };
            readonly 404: components["responses"]["NotFound"];
            readonly 413: components["responses"]["TooLarge"];
            readonly 503: components["responses"]["Unavailable"];
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly getFromWorkers: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                /**
                 * @description Id of the upstream endpoint
                 * @example demo
                 */
                readonly endpointId: components["parameters"]["EndpointId"];
                /** @description The workers' own path; it may contain `/`, and may be empty (`/lb/{endpointId}` alone is served, too) */
                readonly path: string;
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description The WebSocket is open */
            readonly 101: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The workers' answer, whatever its status */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "*/*": unknown;
                };
            };
            readonly 401: components["responses"]["Unauthorized"];
            readonly 404: components["responses"]["NotFound"];
            readonly 413: components["responses"]["TooLarge"];
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly putToWorkers: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                /**
                 * @description Id of the upstream endpoint
                 * @example demo
                 */
                readonly endpointId: components["parameters"]["EndpointId"];
                /** @description The workers' own path; it may contain `/`, and may be empty (`/lb/{endpointId}` alone is served, too) */
                readonly path: string;
            };
            readonly cookie?: never;
        };
        /** @description Whatever the workers take, `loadBalancer.maxBytes` at most once it is staged */
        readonly requestBody?: {
            readonly content: {
                readonly "*/*": unknown;
            };
        };
        readonly responses: {
            /** @description The WebSocket is open */
            readonly 101: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The workers' answer, whatever its status */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "*/*": unknown;
                };
            };
            readonly 401: components["responses"]["Unauthorized"];
            readonly 404: components["responses"]["NotFound"];
            readonly 413: components["responses"]["TooLarge"];
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly postToWorkers: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                /**
                 * @description Id of the upstream endpoint
                 * @example demo
                 */
                readonly endpointId: components["parameters"]["EndpointId"];
                /** @description The workers' own path; it may contain `/`, and may be empty (`/lb/{endpointId}` alone is served, too) */
                readonly path: string;
            };
            readonly cookie?: never;
        };
        /** @description Whatever the workers take, `loadBalancer.maxBytes` at most once it is staged */
        readonly requestBody?: {
            readonly content: {
                readonly "*/*": unknown;
            };
        };
        readonly responses: {
            /** @description The WebSocket is open */
            readonly 101: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The workers' answer, whatever its status */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "*/*": unknown;
                };
            };
            readonly 401: components["responses"]["Unauthorized"];
            readonly 404: components["responses"]["NotFound"];
            readonly 413: components["responses"]["TooLarge"];
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly deleteAtWorkers: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                /**
                 * @description Id of the upstream endpoint
                 * @example demo
                 */
                readonly endpointId: components["parameters"]["EndpointId"];
                /** @description The workers' own path; it may contain `/`, and may be empty (`/lb/{endpointId}` alone is served, too) */
                readonly path: string;
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description The WebSocket is open */
            readonly 101: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The workers' answer, whatever its status */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "*/*": unknown;
                };
            };
            readonly 401: components["responses"]["Unauthorized"];
            readonly 404: components["responses"]["NotFound"];
            readonly 413: components["responses"]["TooLarge"];
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly askWorkersOptions: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                /**
                 * @description Id of the upstream endpoint
                 * @example demo
                 */
                readonly endpointId: components["parameters"]["EndpointId"];
                /** @description The workers' own path; it may contain `/`, and may be empty (`/lb/{endpointId}` alone is served, too) */
                readonly path: string;
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description The WebSocket is open */
            readonly 101: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The workers' answer, whatever its status */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "*/*": unknown;
                };
            };
            readonly 401: components["responses"]["Unauthorized"];
            readonly 404: components["responses"]["NotFound"];
            readonly 413: components["responses"]["TooLarge"];
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly headFromWorkers: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                /**
                 * @description Id of the upstream endpoint
                 * @example demo
                 */
                readonly endpointId: components["parameters"]["EndpointId"];
                /** @description The workers' own path; it may contain `/`, and may be empty (`/lb/{endpointId}` alone is served, too) */
                readonly path: string;
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description The WebSocket is open */
            readonly 101: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The workers' answer, whatever its status */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "*/*": unknown;
                };
            };
            readonly 401: components["responses"]["Unauthorized"];
            readonly 404: components["responses"]["NotFound"];
            readonly 413: components["responses"]["TooLarge"];
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly patchAtWorkers: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                /**
                 * @description Id of the upstream endpoint
                 * @example demo
                 */
                readonly endpointId: components["parameters"]["EndpointId"];
                /** @description The workers' own path; it may contain `/`, and may be empty (`/lb/{endpointId}` alone is served, too) */
                readonly path: string;
            };
            readonly cookie?: never;
        };
        /** @description Whatever the workers take, `loadBalancer.maxBytes` at most once it is staged */
        readonly requestBody?: {
            readonly content: {
                readonly "*/*": unknown;
            };
        };
        readonly responses: {
            /** @description The WebSocket is open */
            readonly 101: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The workers' answer, whatever its status */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "*/*": unknown;
                };
            };
            readonly 401: components["responses"]["Unauthorized"];
            readonly 404: components["responses"]["NotFound"];
            readonly 413: components["responses"]["TooLarge"];
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly listObjects: {
        readonly parameters: {
            readonly query?: {
                /** @description Only keys that begin so */
                readonly prefix?: string;
                /** @description Keys in one answer */
                readonly "max-keys"?: number;
            };
            readonly header?: never;
            readonly path: {
                /**
                 * @description Any name; all mean the bucket of the job
                 * @example job_files
                 */
                readonly bucket: components["parameters"]["Bucket"];
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            readonly 200: components["responses"]["S3Xml"];
            readonly 403: components["responses"]["S3Error"];
            readonly default: components["responses"]["S3Error"];
        };
    };
    readonly getObject: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: {
                /** @description One range of bytes (RFC 9110) */
                readonly Range?: components["parameters"]["Range"];
            };
            readonly path: {
                /**
                 * @description Any name; all mean the bucket of the job
                 * @example job_files
                 */
                readonly bucket: components["parameters"]["Bucket"];
                /** @description Key of the object; it may contain `/` */
                readonly key: string;
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            readonly 200: components["responses"]["File"];
            readonly 206: components["responses"]["File"];
            readonly 403: components["responses"]["S3Error"];
            readonly 404: components["responses"]["S3Error"];
            readonly default: components["responses"]["S3Error"];
        };
    };
    readonly putObject: {
        readonly parameters: {
            readonly query?: {
                /** @description Id of a multipart upload */
                readonly uploadId?: components["parameters"]["UploadId"];
                /** @description Number of the part */
                readonly partNumber?: number;
            };
            readonly header?: never;
            readonly path: {
                /**
                 * @description Any name; all mean the bucket of the job
                 * @example job_files
                 */
                readonly bucket: components["parameters"]["Bucket"];
                /** @description Key of the object; it may contain `/` */
                readonly key: string;
            };
            readonly cookie?: never;
        };
        readonly requestBody: {
            readonly content: {
                readonly "application/octet-stream": unknown;
            };
        };
        readonly responses: {
            readonly 200: components["responses"]["S3Xml"];
            readonly 400: components["responses"]["S3Error"];
            readonly 403: components["responses"]["S3Error"];
            readonly default: components["responses"]["S3Error"];
        };
    };
    readonly postObject: {
        readonly parameters: {
            readonly query?: {
                /** @description Id of a multipart upload */
                readonly uploadId?: components["parameters"]["UploadId"];
            };
            readonly header?: never;
            readonly path: {
                /**
                 * @description Any name; all mean the bucket of the job
                 * @example job_files
                 */
                readonly bucket: components["parameters"]["Bucket"];
                /** @description Key of the object; it may contain `/` */
                readonly key: string;
            };
            readonly cookie?: never;
        };
        readonly requestBody?: {
            readonly content: {
                readonly "application/xml": unknown;
            };
        };
        readonly responses: {
            readonly 200: components["responses"]["S3Xml"];
            readonly 400: components["responses"]["S3Error"];
            readonly 403: components["responses"]["S3Error"];
            readonly default: components["responses"]["S3Error"];
        };
    };
    readonly abortUpload: {
        readonly parameters: {
            readonly query?: {
                /** @description Id of a multipart upload */
                readonly uploadId?: components["parameters"]["UploadId"];
            };
            readonly header?: never;
            readonly path: {
                /**
                 * @description Any name; all mean the bucket of the job
                 * @example job_files
                 */
                readonly bucket: components["parameters"]["Bucket"];
                /** @description Key of the object; it may contain `/` */
                readonly key: string;
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description The upload is gone */
            readonly 204: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content?: never;
            };
            readonly 403: components["responses"]["S3Error"];
            readonly default: components["responses"]["S3Error"];
        };
    };
    readonly headObject: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                /**
                 * @description Any name; all mean the bucket of the job
                 * @example job_files
                 */
                readonly bucket: components["parameters"]["Bucket"];
                /** @description Key of the object; it may contain `/` */
                readonly key: string;
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            readonly 200: components["responses"]["File"];
            readonly 206: components["responses"]["File"];
            readonly 403: components["responses"]["S3Error"];
            readonly 404: components["responses"]["S3Error"];
            readonly default: components["responses"]["S3Error"];
        };
    };
    readonly getIssuer: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description The discovery document */
            readonly 200: {
                headers: {
                    /** @description How long it may be kept */
                    readonly "Cache-Control"?: string;
                    readonly [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "issuer": "https://gateway.example",
                     *       "jwks_uri": "https://gateway.example/.well-known/jwks.json",
                     *       "response_types_supported": [
                     *         "id_token"
                     *       ],
                     *       "subject_types_supported": [
                     *         "public"
                     *       ],
                     *       "id_token_signing_alg_values_supported": [
                     *         "RS256"
                     *       ]
                     *     }
                     */
                    readonly "application/json": {
                        /** @description `iss` of the tokens */
                        readonly issuer: string;
                        /** @description Where the public keys are */
                        readonly jwks_uri: string;
                        readonly response_types_supported?: readonly string[];
                        readonly subject_types_supported?: readonly string[];
                        readonly id_token_signing_alg_values_supported?: readonly string[];
                        readonly scopes_supported?: readonly string[];
                        readonly claims_supported?: readonly string[];
                    };
                };
            };
            readonly 404: components["responses"]["NotFound"];
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly getKeySet: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description The key set */
            readonly 200: {
                headers: {
                    /** @description How long it may be kept */
                    readonly "Cache-Control"?: string;
                    readonly [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "keys": [
                     *         {
                     *           "kty": "RSA",
                     *           "use": "sig",
                     *           "alg": "RS256",
                     *           "kid": "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs",
                     *           "n": "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc",
                     *           "e": "AQAB"
                     *         }
                     *       ]
                     *     }
                     */
                    readonly "application/json": {
                        /** @description RSA keys, with their certificates where they have any */
                        readonly keys: readonly {
                            /** @constant */
                            readonly kty: "RSA";
                            /** @constant */
                            readonly use: "sig";
                            /** @constant */
                            readonly alg: "RS256";
                            /** @description RFC 7638 thumbprint */
                            readonly kid: string;
                            /** @description Modulus */
                            readonly n: string;
                            /** @description Exponent */
                            readonly e: string;
                            /** @description The certificate */
                            readonly x5c?: readonly string[];
                            readonly x5t?: string;
                            readonly "x5t#S256"?: string;
                        }[];
                    };
                };
            };
            readonly 404: components["responses"]["NotFound"];
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly getPage: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description One HTML document that loads nothing else */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "text/html": string;
                };
            };
            /** @description What `If-None-Match` names is the page as it is */
            readonly 304: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content?: never;
            };
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly getDescription: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description An OpenAPI 3.1 document */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": Record<string, never>;
                };
            };
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly getLiveness: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description It does */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "status": "ok"
                     *     }
                     */
                    readonly "application/json": components["schemas"]["GatewayStatus"];
                };
            };
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly getReadiness: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description It can */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "status": "ok"
                     *     }
                     */
                    readonly "application/json": components["schemas"]["GatewayStatus"];
                };
            };
            readonly 503: components["responses"]["Unavailable"];
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly receiveJobEnded: {
        readonly parameters: {
            readonly query?: never;
            readonly header: {
                /**
                 * @description Names the outcome; the same however often it is sent
                 * @example msg_kejqwzcmqzz5ul2pv7e5jzk7ye
                 */
                readonly "webhook-id": string;
                /**
                 * @description When this attempt was made, in seconds since the epoch
                 * @example 1795348800
                 */
                readonly "webhook-timestamp": number;
                /**
                 * @description Signatures of `{webhook-id}.{webhook-timestamp}.{body}`, separated by spaces: `v1` (HMAC-SHA-256) of each of the caller's secrets, `v1a` (Ed25519) of each key of the gateway
                 * @example v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=
                 */
                readonly "webhook-signature": string;
            };
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody: {
            readonly content: {
                /**
                 * @example {
                 *       "id": "4f2a1c9e-77aa-4b6f-8a65-1d0f3a5b9c11-u1",
                 *       "status": "COMPLETED",
                 *       "output": {
                 *         "ok": true
                 *       }
                 *     }
                 */
                readonly "application/json": components["schemas"]["Job"];
            };
        };
        readonly responses: {
            /** @description It is taken */
            readonly 204: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Do not send it again */
            readonly 410: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
}
