import {join} from 'node:path'
import type {Credentials} from './certificates.ts'

/** Ports on loopback. */
export interface Ports {
  readonly etcd: number
  readonly etcdPeers: number
  readonly api: number
  readonly kwok: number
}

const QUICK_CLIENT = ['--kube-api-qps=500', '--kube-api-burst=1000', '--leader-elect=false', '--secure-port=0']

export function etcdArguments(dir: string, ports: Ports): string[] {
  const [clients, peers] = [`http://127.0.0.1:${ports.etcd}`, `http://127.0.0.1:${ports.etcdPeers}`]
  return [
    `--data-dir=${join(dir, 'etcd')}`,
    `--listen-client-urls=${clients}`,
    `--advertise-client-urls=${clients}`,
    `--listen-peer-urls=${peers}`,
    `--initial-advertise-peer-urls=${peers}`,
    `--initial-cluster=default=${peers}`,
    '--unsafe-no-fsync',
    '--log-level=warn',
  ]
}

export function apiServerArguments(files: Credentials, ports: Ports): string[] {
  return [
    `--etcd-servers=http://127.0.0.1:${ports.etcd}`,
    `--secure-port=${ports.api}`,
    '--bind-address=127.0.0.1',
    '--advertise-address=127.0.0.1',
    // No endpoints of the service `kubernetes`: loopback is no address that endpoints may have.
    '--endpoint-reconciler-type=none',
    `--tls-cert-file=${files.serving.cert}`,
    `--tls-private-key-file=${files.serving.key}`,
    `--client-ca-file=${files.caFile}`,
    `--token-auth-file=${files.tokenFile}`,
    '--authorization-mode=RBAC',
    // The cluster IPs of the runbook are in this range.
    '--service-cluster-ip-range=10.27.0.0/16',
    // Without it the server would not end its watches when it is told to stop, and wait for them for a minute.
    '--shutdown-watch-termination-grace-period=2s',
    // Pods would wait for the service account `default` of a new namespace.
    '--disable-admission-plugins=ServiceAccount',
    '--service-account-issuer=https://kubernetes.default.svc',
    `--service-account-key-file=${files.serviceAccountKey}`,
    `--service-account-signing-key-file=${files.serviceAccountKey}`,
    `--kubelet-client-certificate=${files.kubelet.cert}`,
    `--kubelet-client-key=${files.kubelet.key}`,
    '--kubelet-preferred-address-types=InternalIP',
    `--proxy-client-cert-file=${files.frontProxy.cert}`,
    `--proxy-client-key-file=${files.frontProxy.key}`,
    `--requestheader-client-ca-file=${files.caFile}`,
    '--requestheader-allowed-names=front-proxy',
    '--requestheader-username-headers=X-Remote-User',
    '--requestheader-group-headers=X-Remote-Group',
    '--requestheader-extra-headers-prefix=X-Remote-Extra-',
  ]
}

export function controllerManagerArguments(files: Credentials, kubeconfig: string): string[] {
  return [
    `--kubeconfig=${kubeconfig}`,
    `--service-account-private-key-file=${files.serviceAccountKey}`,
    `--root-ca-file=${files.caFile}`,
    '--concurrent-deployment-syncs=20',
    '--concurrent-replicaset-syncs=20',
    '--horizontal-pod-autoscaler-sync-period=5s',
    ...QUICK_CLIENT,
  ]
}

export function schedulerArguments(kubeconfig: string): string[] {
  return [`--kubeconfig=${kubeconfig}`, ...QUICK_CLIENT]
}

export function kwokArguments(files: Credentials, kubeconfig: string, ports: Ports): string[] {
  return [
    `--kubeconfig=${kubeconfig}`,
    '--manage-all-nodes=true',
    '--cidr=10.40.0.0/16',
    '--node-ip=127.0.0.1',
    `--node-port=${ports.kwok}`,
    `--server-address=127.0.0.1:${ports.kwok}`,
    `--tls-cert-file=${files.serving.cert}`,
    `--tls-private-key-file=${files.serving.key}`,
    '--enable-crds=Stage,Metric,ClusterResourceUsage,Logs,ClusterLogs,Exec,ClusterExec,PortForward,ClusterPortForward',
  ]
}

export function metricsServerArguments(kubeconfig: string, dir: string, port: number): string[] {
  return [
    `--kubeconfig=${kubeconfig}`,
    `--authentication-kubeconfig=${kubeconfig}`,
    `--authorization-kubeconfig=${kubeconfig}`,
    `--cert-dir=${join(dir, 'metrics-server')}`,
    '--bind-address=127.0.0.1',
    `--secure-port=${port}`,
    // Must be longer than the time-out.
    '--metric-resolution=10s',
    '--kubelet-request-timeout=5s',
    '--kubelet-insecure-tls',
    '--kubelet-use-node-status-port',
    // Without it the nodes' names would be looked up.
    '--kubelet-preferred-address-types=InternalIP',
  ]
}
