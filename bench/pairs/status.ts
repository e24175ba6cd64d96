import {NAMESPACE} from '../../test/real/manifests.ts'
import {crowdOf} from '../crowd.ts'
import type {Command, Pair} from '../pair.ts'

const READ = ['kubectl', 'get', 'deployments,replicasets,pods,events', '-n']

export default [
  {
    name: 'status',
    title: '`status` beside `kubectl get deployments,replicasets,pods,events`, 38 deployments',
    limit: {wall: 1.3, memory: 1.5},
    aim: {wall: 1},
    setup: async () => ({a: ['sapoche', 'status'], b: [...READ, NAMESPACE]}),
  },
  {
    name: 'status-5000',
    title: 'the same with 5,000 pods of 1,000 deployments',
    limit: {wall: 0.7, memory: 1},
    aim: {wall: 0.5},
    crowds: true,
    setup: async (cluster, progress) => {
      const namespace = await crowdOf(1000, cluster, progress)
      return {a: ['sapoche', 'status', '-n', namespace, '--fail-on', 'never'], b: [...READ, namespace]}
    },
  },
  {
    name: 'status-growth',
    title: '`status` with 5,000 pods beside itself with 500',
    limit: {wall: 10},
    crowds: true,
    setup: async (cluster, progress) => {
      const [large, small] = [await crowdOf(1000, cluster, progress), await crowdOf(100, cluster, progress)]
      const status = (namespace: string): Command => ['sapoche', 'status', '-n', namespace, '--fail-on', 'never']
      return {a: status(large), b: status(small)}
    },
  },
] satisfies Pair[]
