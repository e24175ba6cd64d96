import {describe, expect, test} from 'vitest'
import {MASK, maskValue} from '../../src/lib/text/mask.ts'

const shown = (name: string, value: string): string => maskValue(name, value).value

describe('by the name', () => {
  test.each([
    'DB_PASSWORD',
    'REDIS_PASS',
    'DB_PWD',
    'MYSQL_ROOT_PASSWORD_FILE',
    'KAFKA_SASL_PASSWORD',
    'JWT_SECRET',
    'SECRET_KEY_BASE',
    'API_TOKEN',
    'GITHUB_TOKENS',
    'AWS_ACCESS_KEY_ID',
    'AWS_SECRET_ACCESS_KEY',
    'APP_KEY',
    'APIKEY',
    'ENCRYPTION_KEY',
    'KEY',
    'apiKey',
    'spring.datasource.password',
    'BASIC_AUTH',
    'PRIVATE_PEM',
    'SESSION_COOKIE',
    'myPassword',
    'CREDENTIALS_JSON',
    'KEY_2',
  ])('%s is hidden', (name) => expect(maskValue(name, 'abc')).toEqual({value: MASK, masked: true}))

  test.each([
    'QUEUE_CONNECTION',
    'REDIS_QUEUE',
    'KAFKA_TOPIC',
    'APP_ENV',
    'AUTHOR',
    'KEYBOARD',
    'PASSENGERS',
    'PWD',
    'OLDPWD',
    'SSH_PUBLIC_KEY',
    'KAFKA_ROUTING_KEY',
    'MONKEY_BUSINESS',
    'DB_HOST',
    'PATH',
    'TTL',
    'KUBERNETES_SERVICE_HOST',
  ])('%s is not', (name) => expect(maskValue(name, 'abc')).toEqual({value: 'abc', masked: false}))

  test('an empty value hides nothing', () => expect(maskValue('DB_PASSWORD', '')).toEqual({value: '', masked: false}))
})

describe('by the shape', () => {
  test.each([
    ['a JSON Web Token', 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abcdef'],
    ['a private key', '-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----'],
    ['a key of AWS', 'AKIAIOSFODNN7EXAMPLE'],
    ['a token of GitHub', 'ghp_abcdefghijklmnopqrstuvwxyz0123456789'],
    ['a Laravel key', 'base64:2fl+Ktvkfl+Fuz4Qp/A75G2RTiWVA/ZoKZvp6fiiM10='],
    ['a hash', '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08'],
    ['a random word', 'Zx81mQp0AaB7cD9eF2gH4iJ6kL8mN0pQ'],
    ['a key in JSON', '{"type":"service_account","private_key":"x"}'],
  ])('%s is hidden', (_, value) => expect(shown('CONFIG', value)).toBe(MASK))

  test.each([
    'redpanda-0.redpanda.kafka.svc.cluster.local:9092,redpanda-1.redpanda.kafka.svc.cluster.local:9092',
    'worker-sapoche-batch-publisher-notification',
    'sapoche/worker@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
    '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    '6ba7b810-9dad-11d1-80b4-00c04fd430c8',
    'consumer-pat-dtc-homekit-register',
    '10.27.62.167',
    'App\\Listeners\\OrderListener',
  ])('%s is not', (value) => expect(maskValue('CONFIG', value)).toEqual({value, masked: false}))
})

describe('in URLs and connection strings the password alone', () => {
  test.each([
    ['redis://:hunter2@st-redis-sp:6379/0', 'redis://:***@st-redis-sp:6379/0'],
    ['mysql://app:p%40ss@mysql:3306/app?ssl=true', 'mysql://app:***@mysql:3306/app?ssl=true'],
    ['redis://:p@ss@host:6379', 'redis://:***@host:6379'],
    ['mysql://app:pa/ss#1@db/app', 'mysql://app:***@db/app'],
    ['mongodb://a:b@one:27017,two:27017/x', 'mongodb://a:***@one:27017,two:27017/x'],
    ['https://bob@host/path', 'https://bob@host/path'],
    ['https://0123456789abcdef0123@sentry.io/1', 'https://***@sentry.io/1'],
    ['amqp://a:b@one:5672,amqp://c:d@two:5672', 'amqp://a:***@one:5672,amqp://c:***@two:5672'],
    ['https://host/hook?token=abc&x=1', 'https://host/hook?token=***&x=1'],
    ['https://host/?api_key=abc&signature=def', 'https://host/?api_key=***&signature=***'],
    ['host=db user=app password=hunter2 sslmode=on', 'host=db user=app password=*** sslmode=on'],
    ['Server=db;User Id=sa;Password=hunter2;', 'Server=db;User Id=sa;Password=***;'],
    ['http://host:8080/path', 'http://host:8080/path'],
    ['http://host:8080/?to=a', 'http://host:8080/?to=a'],
  ])('%s', (value, expected) => {
    expect(shown('SERVICE_URL', value)).toBe(expected)
    expect(maskValue('SERVICE_URL', value).masked).toBe(value !== expected)
  })

  test('a DSN that is a URL keeps its host', () =>
    expect(shown('SENTRY_DSN', 'https://0123456789abcdef@o1.ingest.io/2')).toBe('https://***@o1.ingest.io/2'))
  test('a DSN that is none is hidden', () => expect(shown('MAIL_DSN', 'anything')).toBe(MASK))
})

describe('in the places where programs keep them', () => {
  test.each([
    ['a header', 'Authorization: Basic dXNlcjpwNHNzd29yZA==', MASK],
    ['a bearer token', 'Bearer abcdef123456', MASK],
    ['an argument', '--user u --password p4ss -v', `--user u --password ${MASK} -v`],
    ['JSON', '{"user":"a","pass":"p4ss"}', MASK],
    ['JSON within JSON', '{"db":{"secret_key":"p4ss"}}', MASK],
    ['a dictionary of Python', "{'dbPassword': 'p4ss'}", MASK],
    ['quotes with a blank within', "host=h password='p4 ss' user=u", `host=h password=${MASK} user=u`],
    ['a fragment', 'http://h/#access_token=abc123', `http://h/#access_token=${MASK}`],
    ['a source name of Go', 'u:p4ss@tcp(h:3306)/db', `u:${MASK}@tcp(h:3306)/db`],
    ['a webhook', 'https://hooks.slack.com/services/T0/B0/abc', MASK],
  ])('%s', (_, value, wanted) => expect(shown('SETTING', value)).toBe(wanted))

  test.each(['DBPASS', 'USERPASS', 'DBPWD', 'ORTHANC__REGISTERED_USERS'])('%s', (name) => expect(shown(name, 'p4ss')).toBe(MASK))

  test.each(['BYPASS', 'COMPASS', 'PWD'])('%s holds none', (name) => expect(shown(name, '/a')).toBe('/a'))

  test('an image with its digest holds none', () => expect(shown('IMAGE', 'nginx:1.27@sha256:abc')).toBe('nginx:1.27@sha256:abc'))

  test('a megabyte of what may begin a URL takes no longer than any other', () =>
    expect(shown('SETTING', 'x.'.repeat(500_000))).toHaveLength(1_000_000))
})
