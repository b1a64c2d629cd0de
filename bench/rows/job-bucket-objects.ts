import { type Contest, type Goal, growth, rate, type Turn } from '../contest.ts'
import { pieceBytes } from '../job-bucket/frames.ts'
import { type BucketScene, openBucketScene } from '../job-bucket/scene.ts'
import { scaled } from '../load/scale.ts'

const bytes = Math.max(1, Math.round(scaled(1024) / pieceBytes)) * pieceBytes

type Take = (subject: 'bare' | 'gateway') => Promise<Turn>

function row(
  id: string,
  title: string,
  about: string,
  atMost: number,
  take: (scene: BucketScene) => Take,
): Contest {
  return {
    id,
    title,
    about,
    async open() {
      const scene = await openBucketScene()
      const turn = take(scene)
      return {
        turns: { bare: () => turn('bare'), gateway: () => turn('gateway') },
        close: () => scene.close(),
      }
    },
    goals: goals(atMost),
  }
}

function goals(atMost: number): Goal[] {
  return [
    {
      figure: 'CPU × bare proxy',
      unit: '×',
      target: { atMost },
      of: ({ bare, gateway }) => cpu(gateway) / cpu(bare),
    },
    {
      figure: 'rate × bare proxy',
      unit: '×',
      of: ({ bare, gateway }) => rate(gateway) / rate(bare),
    },
    { figure: 'rate', unit: 'MB/s', of: ({ gateway }) => rate(gateway) },
    { figure: 'peak over idle', unit: 'MB', of: ({ gateway }) => growth(gateway) },
  ]
}

function cpu(turn: Turn | undefined): number {
  return turn?.cpuSeconds ?? Number.NaN
}

const against = 'against a bare node:http pass-through to the same store'

export const contests: readonly Contest[] = [
  row(
    'job-bucket-get',
    'Job bucket: GET of one object',
    `A worker reads an object of 1 GiB through the job bucket, ${against}.`,
    1.15,
    (scene) => (subject) => scene.get(subject, bytes),
  ),
  row(
    'job-bucket-put',
    'Job bucket: PUT of one object',
    `A worker writes an object of 1 GiB with an unsigned plain body, ${against}.`,
    1.15,
    (scene) => (subject) => scene.put(subject, 'plain', bytes),
  ),
  row(
    'job-bucket-chunked-crc32',
    'Job bucket: PUT, aws-chunked with CRC32',
    `The same as the SDKs send it: frames of 64 KiB and a CRC32 as trailer, which is verified; ${against}, which passes the frames on.`,
    1.5,
    (scene) => (subject) => scene.put(subject, 'crc32', bytes),
  ),
  row(
    'job-bucket-chunked-crc64nvme',
    'Job bucket: PUT, aws-chunked with CRC64NVME',
    `The same with a CRC64NVME as trailer, which is verified; ${against}, which passes the frames on.`,
    1.5,
    (scene) => (subject) => scene.put(subject, 'crc64nvme', bytes),
  ),
]
