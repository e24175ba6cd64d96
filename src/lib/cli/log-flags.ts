import {duration, Flags} from './flags.ts'

const LINES = {helpGroup: 'LINES'}
const OUTPUT = {helpGroup: 'OUTPUT'}
const many = {multiple: true, multipleNonGreedy: true} as const

/** Which lines of which logs, and how they are shown. */
export const logFlags = {
  follow: Flags.boolean({char: 'f', summary: 'go on with what is written from now on, until Ctrl-C', exclusive: ['previous']}),
  container: Flags.string({char: 'c', summary: 'only containers of this name; repeatable', helpValue: '<name>', ...many}),
  previous: Flags.boolean({char: 'p', summary: 'of the run before, of containers that were restarted'}),
  tail: Flags.integer({summary: 'lines of each container, -1 for all; 100 without --since and filters', helpValue: '<lines>', ...LINES}),
  since: duration({summary: 'only lines of the last minutes or hours', exclusive: ['since-time'], ...LINES}),
  'since-time': Flags.string({summary: 'only lines since this time, RFC 3339', helpValue: '<time>', ...LINES}),
  grep: Flags.string({summary: 'only records that match; repeatable: one of them', helpValue: '<regexp>', ...many, ...LINES}),
  exclude: Flags.string({summary: 'no records that match; repeatable', helpValue: '<regexp>', ...many, ...LINES}),
  'after-context': Flags.integer({char: 'A', summary: 'records of the container after a match', default: 0, min: 0, ...LINES}),
  'before-context': Flags.integer({char: 'B', summary: 'records of the container before a match', default: 0, min: 0, ...LINES}),
  json: Flags.boolean({summary: 'the same as -o json', ...OUTPUT}),
  timestamps: Flags.boolean({summary: 'whole time stamps', ...OUTPUT}),
  prefix: Flags.boolean({summary: 'workload and pod before each line', default: true, allowNo: true, ...OUTPUT}),
  'order-window': duration({
    summary: 'how long a live line waits for earlier ones, 250ms when not given',
    default: 250,
    noCacheDefault: true,
    ...OUTPUT,
  }),
  'max-streams': Flags.integer({
    summary: 'logs whose past is read at once; others take turns',
    default: 64,
    min: 1,
    helpGroup: 'CLUSTER',
  }),
}
