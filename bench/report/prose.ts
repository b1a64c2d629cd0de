/** The hand-written parts of `docs/performance.md`. */
export const opening = `<!-- Rendered by \`npm run bench\` from docs/performance.json and bench/report/: edit there. -->
# Performance

A gigantic request should cost hardly more than passing its bytes on, and no memory. Here is how near
Bulkway comes to that, measured beside programs that do the same work in other ways.`

export const method = `## How it is measured

- **Raw** is a pass-through of nothing but \`node:http\`: request in, request out, \`pipe\`. It runs on the same machine and Node, to the same upstream, in the same round. On workerd the yardstick is a *drain*: a Worker that reads the body with a BYOB reader and drops it.
- **A round** lets every contestant of a row take one turn, one after the other; each round starts one contestant later. A figure with \`×\` is a ratio of two contestants within one round. What stands in the table is the median over the rounds; the spread is the least and the greatest.
- **Each program is a process of its own**, and so are the load and what stands behind it. CPU is user and system time of the measured process alone (\`/proc/PID/stat\`); peak memory is its \`VmHWM\`, reset before the turn; idle is what it held before its first request.
- **Null store** means that parts are decoded and dropped inside the gateway; **PUT** means that they are sent over loopback to an S3 server in another process.
- **Files by the client** are read from the cache of the disk, and the measured process is the one that uploads; signatures are made and not checked, for the store of the bench takes anything.
- **Correctness in the same run**: what arrived is hashed (SHA-256) and compared with what was sent, in every turn of an upload or a scrubbed download, with a body of its own (up to a quarter of the size) that is not timed; of the timed one every byte is counted. Downloads of the job bucket are compared as they come, small requests are counted, here and at the upstream. A turn whose bytes are wrong ends its row.
- MB is 10⁶ bytes, MiB 2²⁰. Sizes of bodies are those on the wire: a payload in base64 is a quarter smaller.
- A goal that is missed stays in the table as missed.`

export const closing = `## Again

\`\`\`sh
npm ci
npm run bench                                # all rows: about a quarter of an hour on two cores
npm run bench -- --list                      # names the rows
npm run bench -- --only peers-body-512       # one row; the others stay as they are
npm run bench -- --scale 0.05 --rounds 1     # a quick look; nothing is written
\`\`\`

Linux is needed (\`/proc\`). The packages of \`bench/package.json\` are installed by the first run that needs them; the rows of nginx need \`nginx\` on the machine (\`apt-get install nginx\`). Rows can be measured on different days: the column *run* says under which circumstances. The commit is in brackets, with \`+\` where \`src/\` had changes on top of it.`
