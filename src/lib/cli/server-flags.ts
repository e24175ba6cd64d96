import {Flags} from './flags.ts'

const SERVER = 'SERVER'

const url = (summary: string, helpValue = '<url>') => Flags.string({summary, helpGroup: SERVER, helpValue})

/** How a server behind the cluster is logged in to. A password is never a flag. */
export const loginFlags = {
  'password-stdin': Flags.boolean({summary: 'read its password from stdin', helpGroup: SERVER, exclusive: ['password-file']}),
  'password-file': Flags.string({summary: 'file that holds its password', helpGroup: SERVER, helpValue: '<file>'}),
  'read-secrets': Flags.boolean({summary: 'log in as the workloads do, with what their Secrets hold', helpGroup: SERVER}),
  tls: Flags.boolean({summary: 'speak TLS with it', helpGroup: SERVER}),
  'tls-ca': Flags.string({summary: 'certificate of the authority to trust, PEM', helpGroup: SERVER, helpValue: '<file>'}),
  'tls-server-name': Flags.string({summary: 'name that its certificate is for', helpGroup: SERVER, helpValue: '<name>'}),
}

/** Where a server is, when it is not to be reached through the API server. */
export const redisUrlFlag = {'redis-url': url('reach Redis directly at this URL, before SAPOCHE_REDIS_URL')}
export const brokersFlag = {brokers: url('reach Kafka directly at these brokers, before SAPOCHE_KAFKA_BROKERS', '<host:port,...>')}
