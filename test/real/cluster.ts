import {join} from 'node:path'
import {withSeededClusters} from './seeded-cluster.ts'

// npm run cluster: a cluster to try things on by hand, until Ctrl-C.
await withSeededClusters(1, async ([shared], signal) => {
  const {cluster, file} = shared!
  console.log(`
export KUBECONFIG=${cluster.kubeconfig}
export PATH=${cluster.binaries.folder}:$PATH          # kubectl, stern

kubectl get deployments,services
kubectl patch deployment worker-sapoche-pdf -p '{"spec":{"template":{"metadata":{"labels":{"sapoche.test/state":"crashloop"}}}}}'
                                   # other faults: see test/real/kwok.yaml
SAPOCHE_TEST_CLUSTERS=${file} npx vitest run --config test/real/vitest.config.ts

logs of the servers: ${join(cluster.dir, 'logs')}
Ctrl-C ends it all.`)
  await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), {once: true}))
  return 0
})
