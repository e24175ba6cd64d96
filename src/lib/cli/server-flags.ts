import {duration, Flags} from './flags.ts'

const SERVER = 'SERVER'

const REDIS_URL = 'reach Redis directly at this URL, before SAPOCHE_REDIS_URL'
const BROKERS = 'reach Kafka directly at these brokers, before SAPOCHE_KAFKA_BROKERS'
const READ_SECRETS = 'log in as the workloads do, with what their Secrets hold'

const url = (summary: string, helpValue = '<url>') => Flags.string({summary, helpGroup: SERVER, helpValue})

/** How a server behind the cluster is logged in to. A password is never a flag. */
export const loginFlags = {
  'password-stdin': Flags.boolean({summary: 'read its password from stdin', helpGroup: SERVER, exclusive: ['password-file']}),
  'password-file': Flags.string({summary: 'file that holds its password', helpGroup: SERVER, helpValue: '<file>'}),
  'read-secrets': Flags.boolean({summary: READ_SECRETS, helpGroup: SERVER}),
  tls: Flags.boolean({summary: 'speak TLS with it', helpGroup: SERVER}),
  'tls-ca': Flags.string({summary: 'certificate of the authority to trust, PEM', helpGroup: SERVER, helpValue: '<file>'}),
  'tls-server-name': Flags.string({summary: 'name that its certificate is for', helpGroup: SERVER, helpValue: '<name>'}),
}

/** Where a server is, when it is not to be reached through the API server. */
export const redisUrlFlag = {'redis-url': url(REDIS_URL)}
export const brokersFlag = {brokers: url(BROKERS, '<host:port,...>')}
export const orthancUrlFlag = {'orthanc-url': url('reach Orthanc directly at this URL, before SAPOCHE_ORTHANC_URL')}

/** Both servers. A login by flags would be for either of them: the environment and Secrets alone have them. */
function bothServers(helpGroup: string, dependsOn: string[]) {
  return {
    window: duration({summary: 'look twice, so far apart: that alone tells whether they move', helpGroup, dependsOn}),
    'redis-url': Flags.string({summary: REDIS_URL, helpGroup, helpValue: '<url>', dependsOn}),
    brokers: Flags.string({summary: BROKERS, helpGroup, helpValue: '<host:port,...>', dependsOn}),
    'read-secrets': Flags.boolean({summary: READ_SECRETS, helpGroup, dependsOn}),
  }
}

/** For a check that looks at Redis and Kafka. */
export const bothServersFlags = bothServers(SERVER, [])

/** For a check that does so when it is asked to. */
export const deepFlags = {
  // Without a default: the others would count it as given.
  deep: Flags.boolean({summary: 'also what waits in Redis and Kafka: queue depth and lag', helpGroup: 'DEEP'}),
  ...bothServers('DEEP', ['deep']),
}
