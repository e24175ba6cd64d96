import type {Pair} from '../pair.ts'

const NOTHING = ['node', '-e', '0']

export default [
  {
    name: 'version',
    title: '`--version` beside bare Node',
    limit: {wall: 1.3},
    setup: async () => ({a: ['sapoche', '--version'], b: NOTHING}),
  },
  {
    name: 'hello',
    title: 'a command without network (`catalogue show -o name`) beside bare Node',
    limit: {wall: 3},
    setup: async () => ({a: ['sapoche', 'catalogue', 'show', '-o', 'name'], b: NOTHING}),
  },
] satisfies Pair[]
