const proxied =
  'A web stream between store and client cost twice a bare proxy; GET is piped now, PUT read chunk ' +
  'by chunk, because its last byte must wait for the checks. It makes as many system calls, of the ' +
  'same size, as the bare proxy; what is left is user time, part of it garbage collection of a larger ' +
  'heap. A smaller young generation made it worse, a single collector thread traded memory for it.'

const small =
  'Profiled: both spend their time in writing to sockets; the gateway adds an id and a log line, the ' +
  'caller, the policy, two header lists, and twice the garbage collection, which is also what p99 ' +
  'shows. Went before: a middleware for the log (now in the route), URL parsing, streams for short ' +
  'answers, MAC keys made anew, listeners left on kept sockets.'

const scrubbed =
  'Scrubbing adds about 1 ms/MB: finding 4-grams, skimming JSON, ends of strings. Its answer is ' +
  'chunked, for its length can change, where raw keeps Content-Length. Went before: a web stream ' +
  '(0.45 to the present figure), two passes instead of one, generators, 2,000 bytes looked at one ' +
  'by one at each chunk’s end.'

/**
 * What was tried on a figure that misses its goal, by `row/figure`, in Markdown. A note is shown
 * for as long as the figure is missed.
 */
export const notes: Readonly<Record<string, string>> = {
  'job-bucket-get/CPU × bare proxy': proxied,
  'job-bucket-put/CPU × bare proxy': proxied,
  'job-bucket-chunked-crc32/CPU × bare proxy': `${proxied} CRC-32 is zlib’s, 5 GB/s, and hardly counts.`,
  'job-bucket-chunked-crc64nvme/CPU × bare proxy':
    `${proxied} CRC-64 in WebAssembly, eight tables, takes 0.78 ms/MB (1.3 GB/s; JavaScript 0.7 to 1): ` +
    'without carry-less multiplication, which WebAssembly lacks, two interleaved streams are left to try.',
  'memory-node/parts PUT, highest peak over lowest':
    'All sizes stay under their goal of 120 MB, but at 1,024 MiB the peak is some 40 MB higher: V8 lets ' +
    'its young generation grow as the upload lasts. At 4 MB (`--max-semi-space-size`) the peak was 20 MB ' +
    'lower; no flag is set, since it costs CPU elsewhere.',
  'scrub-download-node/rate × raw': scrubbed,
  'small-granted/p50 over bare proxy and store calls':
    'Store calls went from five to three, a signed URL from 0.26 to 0.04 ms, digests are synchronous on ' +
    'Node. The rest is sealing, and each call’s way through the event loop; the store’s own part is ' +
    'taken as three PUTs by a bare client.',
  'small-requests/time × bare Hono': small,
  'small-requests/p50 × bare Hono': small,
  'small-requests/p99 × bare Hono': small,
  'small-requests/CPU × bare Hono': small,
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
