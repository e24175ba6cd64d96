/** A line of the runbook and the command in its place. */
export interface RunbookLine {
  readonly section: 'Access & Management' | 'Monitoring' | 'Troubleshooting'
  readonly line: string
  /** As a user types it, without `sapoche`. */
  readonly command: string
  /** What a run needs besides: the answer to a question, or an input; `until`: it goes on until Ctrl-C, and this is seen before. */
  readonly with?: {readonly flags?: readonly string[]; readonly input?: string; readonly until?: RegExp; readonly code?: number}
  readonly shows?: RegExp
}

const YES = {flags: ['--yes']}

/** Every kubectl line of the runbook's "Access & Management", "Monitoring" and "Troubleshooting", in its order. */
export const RUNBOOK: readonly RunbookLine[] = [
  {section: 'Access & Management', line: 'kubectl get all -n sapoche', command: 'status', shows: /38 workloads: 36 active/},
  {
    section: 'Access & Management',
    line: 'kubectl get pods -n sapoche | grep consumer',
    command: 'pods consumers',
    shows: /^13\/13 pods ready$/m,
  },
  {
    section: 'Access & Management',
    line: 'kubectl get pods -n sapoche | grep worker',
    command: 'pods workers',
    shows: /^16\/16 pods ready$/m,
  },
  {
    section: 'Access & Management',
    line: 'kubectl get pods -n sapoche | grep -E "st-bnkd|redis|scheduler"',
    command: "pods 'st-bnkd*' redis-master-st-sp sapoche-be--scheduler--stag",
    shows: /^8\/8 pods ready$/m,
  },
  {
    section: 'Access & Management',
    line: 'kubectl logs -f deployment/consumer-lis-testresult -n sapoche',
    command: 'logs -f consumer-lis-testresult',
    with: {until: /order/},
  },
  {
    section: 'Access & Management',
    line: 'kubectl logs -f deployment/worker-sapoche-pdf -n sapoche',
    command: 'logs -f worker-sapoche-pdf',
    with: {until: /order/},
  },
  {
    section: 'Access & Management',
    line: 'kubectl logs -f deployment/st-bnkd-php -n sapoche',
    command: 'logs -f st-bnkd-php',
    with: {until: /order/},
  },
  {
    section: 'Access & Management',
    line: 'kubectl scale deployment st-bnkd-php -n sapoche --replicas=5',
    command: 'scale st-bnkd-php --replicas 5',
    with: YES,
    shows: /st-bnkd-php +3 -> 5 +scaled/,
  },
  {
    section: 'Access & Management',
    line: 'kubectl scale deployment worker-sapoche-pdf -n sapoche --replicas=2',
    command: 'scale worker-sapoche-pdf --replicas 2',
    with: YES,
    shows: /worker-sapoche-pdf +1 -> 2 +scaled/,
  },
  {
    section: 'Access & Management',
    line: 'kubectl rollout restart deployment st-bnkd-php -n sapoche',
    command: 'restart st-bnkd-php',
    with: YES,
    shows: /st-bnkd-php +.*restarted/,
  },
  {
    section: 'Access & Management',
    line: 'kubectl rollout restart deployment consumer-lis-testresult -n sapoche',
    command: 'restart consumer-lis-testresult',
    with: YES,
    shows: /consumer-lis-testresult +.*restarted/,
  },
  {
    section: 'Monitoring',
    line: 'kubectl top pods -n sapoche --sort-by=memory',
    command: 'top --sort-by memory',
    shows: /CPU and .* memory in \d+ containers/,
  },
  {
    section: 'Monitoring',
    line: 'kubectl top pods -n sapoche --sort-by=cpu',
    command: 'top --sort-by cpu',
    shows: /CPU and .* memory in \d+ containers/,
  },
  {
    section: 'Monitoring',
    line: 'kubectl get deployments -n sapoche',
    command: 'status -o wide',
    with: {flags: ['--fail-on', 'never']},
    shows: /NAME +READY +HEALTH/,
  },
  {
    section: 'Monitoring',
    line: "kubectl get events -n sapoche --sort-by='.lastTimestamp' | head -20",
    command: 'events --limit 20',
    shows: /ScalingReplicaSet +st-bnkd-php/,
  },
  {
    section: 'Troubleshooting',
    line: 'kubectl logs -f deployment/consumer-lis-testresult -n sapoche',
    command: 'logs -f consumer-lis-testresult',
    with: {until: /order/},
  },
  {
    section: 'Troubleshooting',
    line: 'kubectl exec -it deployment/consumer-lis-testresult -n sapoche -- env | grep QUEUE',
    command: 'env consumer-lis-testresult --match QUEUE',
  },
  {
    section: 'Troubleshooting',
    line: 'kubectl rollout restart deployment/consumer-lis-testresult -n sapoche',
    command: 'restart consumer-lis-testresult',
    with: YES,
    shows: /consumer-lis-testresult +.*restarted/,
  },
  {
    section: 'Troubleshooting',
    line: 'kubectl logs deployment/worker-sapoche-pdf -n sapoche --tail=100',
    command: 'logs worker-sapoche-pdf --tail 100',
    shows: /order/,
  },
  {
    section: 'Troubleshooting',
    line: 'kubectl scale deployment/worker-sapoche-pdf -n sapoche --replicas=3',
    command: 'scale worker-sapoche-pdf --replicas 3 --for 30m --detach',
    with: YES,
    shows: /worker-sapoche-pdf +2 -> 3 +scaled/,
  },
  {
    section: 'Troubleshooting',
    line: 'kubectl exec -it deployment/redis-master-st-sp -n sapoche -- redis-cli LLEN queue_name',
    command: 'exec redis-master-st-sp -- redis-cli LLEN queue_name',
    shows: /^0$/m,
  },
  {
    section: 'Troubleshooting',
    line: 'kubectl get pods -n sapoche | grep st-bnkd-php',
    command: "pods 'st-bnkd-php*'",
    shows: /^8\/8 pods ready$/m,
  },
  {
    section: 'Troubleshooting',
    line: 'kubectl logs -f deployment/st-bnkd-php -n sapoche',
    command: 'logs -f st-bnkd-php',
    with: {until: /order/},
  },
  {
    section: 'Troubleshooting',
    line: 'kubectl logs -f deployment/st-bnkd-php-nginx -n sapoche',
    command: 'logs -f st-bnkd-php-nginx',
    with: {until: /order/},
  },
  {
    section: 'Troubleshooting',
    line: 'kubectl exec -it deployment/st-bnkd-php -n sapoche -- bash',
    command: 'shell st-bnkd-php',
    with: {input: 'echo in the pod\nexit\n'},
    shows: /^in the pod$/m,
  },
  {
    section: 'Troubleshooting',
    line: 'kubectl logs -f deployment/orthanc-read-api -n sapoche',
    command: 'logs -f orthanc-read-api',
    with: {until: /order/},
  },
  {
    section: 'Troubleshooting',
    line: 'kubectl port-forward -n sapoche service/orthanc-read-api-service 8042:80',
    command: 'forward orthanc-read-api-service 8042:80',
    with: {until: /^http:\/\/127\.0\.0\.1:8042 -> service orthanc-read-api-service port 80/, code: 0},
  },
]
