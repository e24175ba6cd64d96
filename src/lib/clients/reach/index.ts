export {directNetwork} from './direct.ts'
export {AccessDeniedError, fromConnection, nameOf, ServerDownError, UnplacedServerError, whoOf} from './errors.ts'

export {openConnection, orAbort} from './open.ts'
export {tunnelNetwork} from './tunnel.ts'
export type * from './types.ts'
export {parseBrokers, parseOrthancUrl, parseRedisUrl, UrlError} from './url.ts'
