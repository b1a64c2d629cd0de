/** What `bulkway --help` prints. */
export const help = `Uploads files of any size and runs jobs, by way of a Bulkway gateway.

Usage:
  bulkway upload FILE...  [--endpoint ID]                   prints each file's ref
  bulkway run  [--endpoint ID] [--input JSON] [--file PLACE=@FILE]...   prints the output
  bulkway wait JOB  [--endpoint ID]                         waits for a job that runs already

For who operates the gateway, with its configuration in BULKWAY_CONFIG (--help of each says more):
  bulkway init           rules by which the stores delete what is past all use, and CORS
  bulkway sweep          deletes what is due
  bulkway usage          what is kept, whose, for how long, and what it costs a month

Options:
  -e, --endpoint ID      the endpoint                              (BULKWAY_ENDPOINT)
      --base-url URL     the gateway                               (BULKWAY_URL)
      --json             one JSON object a line on stdout, with the member "event"
      --sha256           hash first: a file that is there already is not sent again,
                         and what arrives is checked; reads the file twice
      --concurrency N    parts of a file that are sent at a time (4)
      --no-resume        neither go on with an earlier upload nor remember this one
  -h, --help             this text
  -V, --version          the version

  of upload:
      --content-type T   media type of the file
      --filename NAME    another name than the file's own
      --persist NAME     keep the file for good under a name, where the gateway allows it

  of run:
      --input JSON       the job's input; @FILE reads it from a file, @- from stdin ({})
      --file PLACE=@FILE uploads a file and puts its ref at a place of the input: image,
                         images.0, or a JSON Pointer of the whole request such as /input/image
      --session NAME     the session whose directory the job shares with others
      --retention R      how long its files and result are kept: job, seconds from its end,
                         or persistent
      --no-wait          print the job's id and do not wait for it

Environment:
  BULKWAY_API_KEY        the key. There is no option for it: other users of the machine can
                         see a program's arguments, and the shell writes them down.
  BULKWAY_URL            the gateway; without it, the one of \`npm run dev\` with endpoint demo
  BULKWAY_ENDPOINT       the endpoint
  NO_COLOR               no colours
  XDG_STATE_HOME         where unfinished uploads are remembered, below bulkway/ (~/.local/state)

Ctrl-C pauses an upload; the same command goes on with it, on this machine, until it expires.

Exit codes:
  0 all is well        3 refused by gateway or store       5 a file cannot be read
  1 the job failed     4 no connection, or not available   130 interrupted
  2 wrong usage

Examples:
  export BULKWAY_URL=https://gateway.example.com BULKWAY_API_KEY=...
  bulkway run --endpoint demo --input '{"task":"digest"}' --file image=@photo.png
  bulkway run -e demo --input @request.json --file images.0=@a.png --file images.1=@b.png
  ref=$(bulkway upload -e demo model.safetensors --sha256)
  bulkway upload -e demo film.mp4 --json | jq -r .ref
`
