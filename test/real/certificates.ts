import {generateKeyPairSync, randomBytes} from 'node:crypto'
import {mkdir, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {generate} from 'selfsigned'

/** A certificate and its private key, PEM. */
export interface Pem {
  readonly key: string
  readonly cert: string
}

const EC = {keyType: 'ec', curve: 'P-256', algorithm: 'sha256'} as const

/** An authority of our own, good for nothing but these tests. */
export async function createAuthority(name: string): Promise<Pem> {
  const made = await generate([{name: 'commonName', value: name}], {
    ...EC,
    extensions: [
      {name: 'basicConstraints', cA: true, critical: true},
      {name: 'keyUsage', keyCertSign: true, cRLSign: true, digitalSignature: true, critical: true},
    ],
  })
  return {key: made.private, cert: made.cert}
}

/** A certificate for `localhost`, 127.0.0.1 and these names, signed by `ca`. */
export async function serverCertificate(ca: Pem, names: readonly string[] = []): Promise<Pem> {
  const made = await generate([{name: 'commonName', value: 'localhost'}], {
    ...EC,
    ca,
    extensions: [
      {name: 'extKeyUsage', serverAuth: true},
      {
        name: 'subjectAltName',
        altNames: [...['localhost', ...names].map((value) => ({type: 2 as const, value})), {type: 7, ip: '127.0.0.1'}],
      },
    ],
  })
  return {key: made.private, cert: made.cert}
}

/** A client's certificate; the API server takes the common name for the user and the organisation for the group. */
async function clientCertificate(ca: Pem, user: string, group?: string): Promise<Pem> {
  const subject = [{name: 'commonName', value: user}]
  if (group !== undefined) subject.push({name: 'organizationName', value: group})
  const made = await generate(subject, {...EC, ca, extensions: [{name: 'extKeyUsage', clientAuth: true}]})
  return {key: made.private, cert: made.cert}
}

/** What the parts of a control plane know each other by; files, but for `ca` (PEM) and the tokens. */
export interface Credentials {
  readonly ca: string
  readonly caFile: string
  readonly token: string
  readonly nobodyToken: string
  readonly tokenFile: string
  readonly serving: PemFiles
  readonly kubelet: PemFiles
  readonly frontProxy: PemFiles
  readonly serviceAccountKey: string
}

interface PemFiles {
  readonly cert: string
  readonly key: string
}

/** Makes them all anew, in `folder`. */
export async function createCredentials(folder: string): Promise<Credentials> {
  await mkdir(folder, {recursive: true})
  const write = async (name: string, text: string): Promise<string> => {
    await writeFile(join(folder, name), text, {mode: 0o600})
    return join(folder, name)
  }
  const writePem = async (name: string, {cert, key}: Pem): Promise<PemFiles> => ({
    cert: await write(`${name}.crt`, cert),
    key: await write(`${name}.key`, key),
  })
  const authority = await createAuthority('sapoche-test')
  const [token, nobodyToken] = [randomBytes(16).toString('hex'), randomBytes(16).toString('hex')]
  const {privateKey} = generateKeyPairSync('ec', {namedCurve: 'P-256'})
  return {
    ca: authority.cert,
    caFile: await write('ca.crt', authority.cert),
    token,
    nobodyToken,
    tokenFile: await write('tokens.csv', `${token},admin,admin,system:masters\n${nobodyToken},nobody,nobody\n`),
    serving: await writePem('serving', await serverCertificate(authority)),
    kubelet: await writePem('kubelet-client', await clientCertificate(authority, 'kubelet-client', 'system:masters')),
    frontProxy: await writePem('front-proxy', await clientCertificate(authority, 'front-proxy')),
    serviceAccountKey: await write('service-accounts.key', privateKey.export({type: 'sec1', format: 'pem'}).toString()),
  }
}
