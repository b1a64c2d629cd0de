const byFetch =
  'A Blob of Node and `fetch` cost several times the CPU of reading the file and writing to the socket, ' +
  'which is what `bulkway/client/node` was made for; in a browser there is no other way.'

const small =
  'Profiled: both spend their time in writing to sockets; the gateway adds an id and a log line, the ' +
  'caller, the policy, two header lists, and twice the garbage collection, which is also what p99 ' +
  'shows. Went before: a middleware for the log (now in the route), URL parsing, streams for short ' +
  'answers, MAC keys made anew, listeners left on kept sockets.'

const scrubbed =
  'Scrubbing adds about 1 ms/MB: finding 4-grams, skimming JSON, ends of strings. Its answer is ' +
  'chunked, for its length can change, where raw keeps Content-Length. Went before: a web stream, two ' +
  'passes instead of one, generators, 2,000 bytes looked at one by one at each chunk’s end; on Node also ' +
  'memory of its own for each chunk (0.54 to the present figure). A profile on Node shows the event ' +
  'loop idle for more than half of the time; whether for the other processes on two cores or because ' +
  'what a chunk becomes leaves before the next one is read was not told apart.'

/**
 * What was tried on a figure that misses its goal, by `row/figure`, in Markdown. A note is shown
 * for as long as the figure is missed.
 */
export const notes: Readonly<Record<string, string>> = {
  'job-bucket-chunked-crc64nvme/CPU × bare proxy':
    'The same body costs 0.84 × without a checksum and 1.09 × with CRC-32, which is zlib’s. CRC-64 in WebAssembly, eight tables, takes 0.78 ms/MB (1.3 GB/s; JavaScript 0.7 to 1): without ' +
    'carry-less multiplication, which WebAssembly lacks, two interleaved streams are left to try.',
  'scrub-download-node/rate × raw': scrubbed,
  'small-granted/p50 over bare proxy and store calls':
    'Store calls went from five to three, a signed URL from 0.26 to 0.04 ms, digests are synchronous on ' +
    'Node. The rest is sealing, and each call’s way through the event loop; the store’s own part is ' +
    'taken as three PUTs by a bare client.',
  'small-requests/time × bare Hono': small,
  'small-requests/p50 × bare Hono': small,
  'small-requests/p99 × bare Hono': small,
  'small-requests/CPU × bare Hono': small,
  'upload-client/client by fetch, time × boto3': byFetch,
  'upload-client/client by fetch, peak of 2 GiB over that of 256 MiB': byFetch,
  'workers-bundle/gzip':
    'It was 139 KB before uploads, 230 before batches, load balancers, kept results and signed webhooks, 263 before ' +
    'network volumes, sessions, retention and the sweep of a cron trigger. The largest generated parts, as they lie ' +
    'in src/, are what checks configuration and requests (189 KB), the description that is served (173) and the ' +
    'page (59). A Worker may have 3 MB, and what starts is as quick as it was; the description could be left out of a build, but a gateway should say what it is.',
  'workers-scrub/rate × relay': scrubbed,
  'workers-scrub/CPU over relay':
    'Reads of 512 KiB, chunks that are there at once leave in one write. A second buffer filled during a ' +
    'write gained nothing; 256 KiB and 1 MiB are slower.',
  'workers-upload/peak over idle':
    'Four parts are 25.2 MB; the rest is read buffers and garbage between two collections. Each turn is ' +
    'a fresh process. One that lives on grows by some 5 MB with each 512 MiB upload, as a bare drain does ' +
    '(66 to 160 MB), although the JavaScript heap stays at 7.5 MB: a long-lived workerd is over 110 MB ' +
    'from the third such upload on. Larger reads make it grow more slowly, and 1 MiB made it slower.',
}
