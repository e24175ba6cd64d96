/** What stands in the place of a secret. */
export const MASK = '***'

export interface Masked {
  readonly value: string
  /** True where something was hidden. */
  readonly masked: boolean
}

// Parts of a name, between underscores or at a change of case. `AUTHOR`, `KEYBOARD`, `PASSENGER` and the shell's PWD are none.
const SECRET_NAME =
  /(^|[_.-])(PASS|PASSWD|PASSWORD|PASSPHRASE|PW|PWD|SECRETS?|TOKENS?|CREDENTIALS?|AUTH|BEARER|SALT|PEPPER|PRIVATE|SIGNATURE|COOKIE|PIN|OTP|DSN)([_.-]|$)|(^|[_.-])[A-Z0-9]*KEY([_.-]?(ID)?|[_.-]?\d+)$|(DB|USER|ADMIN|ROOT|REDIS|KAFKA|MYSQL|MAIL|SMTP|FTP|LDAP)(PASS|PWD|PW)$|REGISTERED_?USERS|PASSWORD|SECRET|TOKEN|APIKEY|CREDENTIAL/i
const HARMLESS_NAME = /^(OLD)?PWD$|_(PUBLIC|PRIMARY|FOREIGN|ROUTING|PARTITION|SORT|MESSAGE)_?KEY$/i
// Of a URL's query, and of connection strings: `password=x`.
const SECRET_PARAMETER =
  /((?:^|[?#&;,\s])(?:[\w.-]*(?:password|passwd|pwd|secret|token|api_?key|access_?key|credential|signature|sig))\s*=\s*)("[^"]*"|'[^']*'|[^&;,\s]+)/gi
// Of a command line: `--password x`.
const SECRET_ARGUMENT = /((?:^|\s)--?[\w-]{0,40}(?:password|passwd|secret|token|api-?key|credential)\s+)([^\s-]\S*)/gi
// Up to the last `@` before the path; and, for passwords that should have been encoded, beyond a `/`, `?` or `#`.
const USER_INFO = /\b([a-z][a-z0-9+.-]{0,30}:\/\/)([^/?#\s]*)@/gi
// Without a scheme, as Go's drivers have it: `user:password@tcp(host)`.
const BARE_USER_INFO = /^([^\s:/@]+:)([^\s/]+)@(?!sha256:)/
const RAW_PASSWORD = /(:\/\/[^/?#\s:@]*:)([^\s@*]+)@/g
/** A user in a URL that is as long as this is a key. */
const KEY_LENGTH = 16

const SECRET_SHAPES: readonly RegExp[] = [
  /-----BEGIN [A-Z ]*PRIVATE KEY-----/,
  // JSON Web Tokens.
  /^(Bearer\s+)?eyJ[\w-]{5,}\.[\w-]{5,}(\.[\w-]*)?$/,
  // Keys of clouds and of services: AWS, Google, GitHub, GitLab, Slack, Stripe.
  /\b(AKIA|ASIA)[0-9A-Z]{16}\b/,
  /\bAIza[\w-]{35}\b/,
  /\b(gh[pousr]_\w{20,}|github_pat_\w{20,}|glpat-[\w-]{15,}|xox[abprs]-[\w-]{10,}|[sr]k_(live|test)_\w{10,})/,
  // Headers, and addresses that are keys themselves.
  /\b(Basic|Bearer)\s+[\w+/=.~-]{8,}/,
  /hooks\.slack\.com\/services\//,
  // Laravel's APP_KEY.
  /^base64:[A-Za-z0-9+/=]{20,}$/,
  // A service account of Google, or any key in JSON.
  /["'][\w.-]{0,40}(private_?key|secret|pass|passwd|password|pwd|token|api_?key|credential)[\w.-]{0,40}["']\s*:/i,
]
/** From this length on a word of random letters is taken for a key. */
const RANDOM_LENGTH = 32

/**
 * The value of a variable as it may be shown: hidden where its name or its shape says that it is secret; in a URL or a connection string
 * the password alone is. It rather hides too much.
 */
export function maskValue(name: string, value: string): Masked {
  if (value === '') return {value, masked: false}
  const shown = value
    .replace(USER_INFO, (_, scheme: string, info: string) => `${scheme}${maskedUser(info)}@`)
    .replace(BARE_USER_INFO, (_, user: string) => `${user}${MASK}@`)
    .replace(RAW_PASSWORD, (_, start: string) => `${start}${MASK}@`)
    .replace(SECRET_PARAMETER, (_, start: string) => `${start}${MASK}`)
    .replace(SECRET_ARGUMENT, (_, start: string) => `${start}${MASK}`)
  const isUrl = /^[a-z][a-z0-9+.-]*:\/\//i.test(value)
  if (isSecretName(name) && !(isUrl && /DSN|URL|URI/i.test(name))) return {value: MASK, masked: true}
  if (SECRET_SHAPES.some((shape) => shape.test(shown)) || isRandom(shown)) return {value: MASK, masked: true}
  return {value: shown, masked: shown !== value}
}

function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name) && !HARMLESS_NAME.test(name)
}

function maskedUser(info: string): string {
  const [user = '', password] = info.split(/:(.*)/s)
  if (password !== undefined) return `${user}:${password === '' ? '' : MASK}`
  return user.length >= KEY_LENGTH ? MASK : user
}

/** One long word in which letters of both cases and digits, or hexadecimal digits, follow each other without sense. */
function isRandom(value: string): boolean {
  if (value.length < RANDOM_LENGTH || !/^[\w+/=-]+$/.test(value)) return false
  if (/^[0-9a-f]+$/i.test(value)) return /\d/.test(value) && /[a-f]/i.test(value)
  return /[a-z]/.test(value) && /[A-Z]/.test(value) && /\d/.test(value) && !/[-_].*[-_].*[-_]/.test(value)
}
