/**
 * A throw-away certificate for 127.0.0.1, signed by itself.
 * Written out in DER because the library for it takes longer to load than the whole sandbox takes to start (60 ms against 30).
 */
import {generateKeyPairSync, randomBytes, sign} from 'node:crypto'

const SEQUENCE = 0x30
const SET = 0x31
const OID = {
  ecdsaWithSha256: '06082a8648ce3d040302',
  commonName: '0603550403',
  basicConstraints: '0603551d13',
  subjectAltName: '0603551d11',
} as const

function der(tag: number, ...parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts)
  const length =
    body.length < 0x80 ? [body.length] : body.length < 0x100 ? [0x81, body.length] : [0x82, body.length >> 8, body.length & 0xff]
  return Buffer.concat([Buffer.from([tag, ...length]), body])
}

const hex = (text: string): Buffer => Buffer.from(text, 'hex')

/** An EC key with its certificate for localhost and 127.0.0.1, valid from 2000 to 2049 whatever the clock says. Both are PEM. */
export function selfSigned(): {key: string; cert: string} {
  const {privateKey, publicKey} = generateKeyPairSync('ec', {namedCurve: 'P-256'})
  const algorithm = der(SEQUENCE, hex(OID.ecdsaWithSha256))
  const name = der(SEQUENCE, der(SET, der(SEQUENCE, hex(OID.commonName), der(0x0c, Buffer.from('sapoche sandbox')))))
  const utcTime = (text: string) => der(0x17, Buffer.from(text))
  const extension = (oid: string, value: Buffer) => der(SEQUENCE, hex(oid), der(0x04, value))
  const names = der(SEQUENCE, der(0x82, Buffer.from('localhost')), der(0x87, Buffer.from([127, 0, 0, 1])))
  const body = der(
    SEQUENCE,
    der(0xa0, hex('020102')),
    der(0x02, Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    algorithm,
    name,
    der(SEQUENCE, utcTime('000101000000Z'), utcTime('491231235959Z')),
    name,
    publicKey.export({type: 'spki', format: 'der'}),
    der(0xa3, der(SEQUENCE, extension(OID.basicConstraints, der(SEQUENCE, hex('0101ff'))), extension(OID.subjectAltName, names))),
  )
  const signature = sign('sha256', body, privateKey)
  const certificate = der(SEQUENCE, body, algorithm, der(0x03, Buffer.from([0]), signature))
  const lines = certificate
    .toString('base64')
    .match(/.{1,64}/g)
    ?.join('\n')
  return {
    key: privateKey.export({type: 'pkcs8', format: 'pem'}).toString(),
    cert: `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`,
  }
}
