import {writeFile} from 'node:fs/promises'

export interface Access {
  readonly server: string
  /** PEM */
  readonly ca: string
  readonly token: string
  readonly namespace?: string
}

/** Writes a kubeconfig with one context, `sapoche-test`, and says where. JSON, which is YAML too. */
export async function writeKubeconfig(file: string, {server, ca, token, namespace = 'sapoche'}: Access): Promise<string> {
  const name = 'sapoche-test'
  const kubeconfig = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': name,
    clusters: [{name, cluster: {server, 'certificate-authority-data': Buffer.from(ca).toString('base64')}}],
    users: [{name, user: {token}}],
    contexts: [{name, context: {cluster: name, user: name, namespace}}],
  }
  await writeFile(file, `${JSON.stringify(kubeconfig, null, 2)}\n`, {mode: 0o600})
  return file
}
