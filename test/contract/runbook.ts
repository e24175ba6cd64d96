import {readFileSync} from 'node:fs'
import path from 'node:path'
import {ROOT} from '../package/program.ts'

/** Every kubectl line of three sections of the runbook, as it has them. */
export const RUNBOOK = `
Access & Management
kubectl get all -n sapoche
kubectl get pods -n sapoche | grep consumer
kubectl get pods -n sapoche | grep worker
kubectl get pods -n sapoche | grep -E "st-bnkd|redis|scheduler"
kubectl logs -f deployment/consumer-lis-testresult -n sapoche
kubectl logs -f deployment/worker-sapoche-pdf -n sapoche
kubectl logs -f deployment/st-bnkd-php -n sapoche
kubectl scale deployment st-bnkd-php -n sapoche --replicas=5
kubectl scale deployment worker-sapoche-pdf -n sapoche --replicas=2
kubectl rollout restart deployment st-bnkd-php -n sapoche
kubectl rollout restart deployment consumer-lis-testresult -n sapoche
Monitoring
kubectl top pods -n sapoche --sort-by=memory
kubectl top pods -n sapoche --sort-by=cpu
kubectl get deployments -n sapoche
kubectl get events -n sapoche --sort-by='.lastTimestamp' | head -20
Troubleshooting
kubectl logs -f deployment/consumer-lis-testresult -n sapoche
kubectl exec -it deployment/consumer-lis-testresult -n sapoche -- env | grep QUEUE
kubectl rollout restart deployment/consumer-lis-testresult -n sapoche
kubectl logs deployment/worker-sapoche-pdf -n sapoche --tail=100
kubectl scale deployment/worker-sapoche-pdf -n sapoche --replicas=3
kubectl exec -it deployment/redis-master-st-sp -n sapoche -- redis-cli LLEN queue_name
kubectl get pods -n sapoche | grep st-bnkd-php
kubectl logs -f deployment/st-bnkd-php -n sapoche
kubectl logs -f deployment/st-bnkd-php-nginx -n sapoche
kubectl exec -it deployment/st-bnkd-php -n sapoche -- bash
kubectl logs -f deployment/orthanc-read-api -n sapoche
kubectl port-forward -n sapoche service/orthanc-read-api-service 8042:80
`
  .trim()
  .split('\n')

/** A row of the README's tables: a section's title, or a line of the runbook, and what stands in its place. */
export interface Row {
  readonly left: string
  readonly right: string
}

/** The tables in which the README tells the command for each line of the runbook: the one place where that is said. */
export function readmeRows(): Row[] {
  const readme = readFileSync(path.join(ROOT, 'README.md'), 'utf8')
  const part = /<!-- runbook:.*-->\n([^]*)<!-- runbookstop -->/.exec(readme)?.[1] ?? ''
  return part
    .split('\n')
    .filter((line) => line.startsWith('|') && !line.startsWith('| ---'))
    .map((line) => {
      const [left = '', right = ''] = line.slice(1, -1).split(/(?<!\\)\|/)
      return {left: cell(left), right: cell(right)}
    })
}

function cell(text: string): string {
  return text.trim().replaceAll('\\|', '|').replace(/^`|`$/g, '')
}
