import {stripLine} from '../../text/strip.ts'
import type {ForwardReport} from './schema.ts'

/** `http://127.0.0.1:8042 -> service orthanc-read-api-service port 80 (pod orthanc-read-api-x2x port 8042)` */
export function forwardText({url, target, pod, notes}: ForwardReport): string {
  const {kind, name, port} = target
  const behind = kind === 'Pod' ? '' : ` (pod ${stripLine(pod.name)} port ${pod.port})`
  return [`${url} -> ${kind.toLowerCase()} ${stripLine(name)} port ${port}${behind}`, ...notes.map(stripLine)]
    .map((line) => `${line}\n`)
    .join('')
}
