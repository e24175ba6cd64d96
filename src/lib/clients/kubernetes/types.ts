import type {Duplex, Readable, Writable} from 'node:stream'
import type {WebSocket} from 'ws'

/**
 * What the rest of the program knows of a Kubernetes API server.
 * The transport behind it (HTTP/2 or HTTP/1.1, credentials, retries) is private to this folder.
 */

/** An object as the API server sent it: checked no further than "a JSON object". */
export type JsonObject = {readonly [key: string]: unknown}

/** Turns one API object into what the caller needs of it. Runs page by page, so that the raw page can be freed. */
export type Decode<T> = (object: JsonObject) => T

/** One resource of the API, as in `kubectl api-resources`. */
export interface Resource {
  /** '' for the core group. */
  readonly group: string
  readonly version: string
  /** Plural, as in the URL: `deployments`. */
  readonly name: string
  readonly kind: string
  readonly namespaced: boolean
}

/** Parameters of a URL; an array repeats its name (`command=a&command=b`). */
export type Query = Readonly<Record<string, string | readonly string[] | undefined>>

export interface ListOptions {
  readonly labelSelector?: string
  readonly fieldSelector?: string
  /** The server sends `metadata` and nothing else: for Secrets, whose data is nobody's business here. */
  readonly metadataOnly?: boolean
  readonly signal?: AbortSignal
}

export interface Listed<T> {
  readonly items: T[]
  readonly resourceVersion: string
}

export type WatchEvent<T> =
  /** A full list: at the start, and again after the watch could not be resumed (410). Replaces all that was known. */
  | {readonly type: 'listed'; readonly items: T[]}
  | {readonly type: 'added' | 'modified' | 'deleted'; readonly object: T}
  /** The connection is gone and is being tried again; what is known grows old until `resumed` or `listed`. */
  | {readonly type: 'blind'; readonly reason: string}
  /** The connection is back without a gap. */
  | {readonly type: 'resumed'}

/** Reading one namespace of one cluster. Every call may reject with a SapocheError, and with nothing else. */
export interface ClusterReader {
  /** Name of the kubeconfig context; null when the credentials came from inside a pod. */
  readonly context: string | null
  readonly namespace: string
  /** The server's URL, for messages. */
  readonly server: string

  /** The whole collection in the namespace (or the cluster, for resources without one), in pages of 500. */
  list<T>(resource: Resource, decode: Decode<T>, options?: ListOptions): Promise<Listed<T>>
  /** One object; null where it does not exist. */
  get<T>(resource: Resource, name: string, decode: Decode<T>, options?: {readonly signal?: AbortSignal}): Promise<T | null>
  /**
   * Lists, then follows for ever: survives dropped connections, expired versions and restarts of the server. Ends when `signal` aborts.
   * Rejects where the first list fails, and later only where the credentials are refused.
   */
  watch<T>(resource: Resource, decode: Decode<T>, options?: Omit<ListOptions, 'metadataOnly'>): AsyncIterable<WatchEvent<T>>
  /**
   * The server's clock, by the `Date` header of the newest answer, and how far this machine's clock is ahead of it,
   * both in milliseconds (the header has whole seconds); null before the first answer.
   */
  serverClock(): {readonly now: number; readonly skew: number} | null
  close(): void
}

export interface WriteOptions {
  readonly subresource?: string
  /** The server validates and answers, and stores nothing. */
  readonly dryRun?: boolean
  /** Recorded in managedFields; `sapoche` when not given. */
  readonly fieldManager?: string
  readonly signal?: AbortSignal
}

export interface PatchOptions extends WriteOptions {
  readonly type: 'merge' | 'strategic-merge' | 'apply' | 'json'
}

/** Changing one namespace of one cluster. Each call gives the object as the server stored it; a conflict is a ConflictError. */
export interface ClusterWriter {
  patch<T>(resource: Resource, name: string, body: JsonObject | readonly JsonObject[], decode: Decode<T>, options: PatchOptions): Promise<T>
  /** Creates an object; with `name` and `subresource`, posts to that of an existing one (`pods/X/eviction`). */
  post<T>(resource: Resource, body: JsonObject, decode: Decode<T>, options?: WriteOptions & {readonly name?: string}): Promise<T>
  /** Replaces an object; the server compares `metadata.resourceVersion` where the body has one. */
  put<T>(resource: Resource, name: string, body: JsonObject, decode: Decode<T>, options?: WriteOptions): Promise<T>
}

/** The bytes of an answer, as they come. Reading slowly slows the server down; nothing is lost and little is buffered. */
export interface ByteStream extends AsyncIterable<Buffer> {
  close(): void
}

export interface StreamOptions {
  readonly query?: Query
  /**
   * Milliseconds until the answer begins; `--request-timeout` when not given, 0 for no limit
   * (a kubelet sends no headers for a followed log before its first line). The body has no limit.
   */
  readonly openWithinMs?: number
  readonly signal?: AbortSignal
}

/** Subresources of one object that are not JSON documents: `log`, `exec`, `portforward`. */
export interface ClusterStreams {
  stream(resource: Resource, name: string, subresource: string, options?: StreamOptions): Promise<ByteStream>
  /** An open WebSocket that speaks one of `protocols`, paused until its owner listens (`resume`). Its later failures are events of the socket. */
  upgrade(
    resource: Resource,
    name: string,
    subresource: string,
    protocols: readonly string[],
    options?: {readonly query?: Query; readonly signal?: AbortSignal},
  ): Promise<WebSocket>
}

export type ClusterClient = ClusterReader &
  ClusterWriter &
  ClusterStreams & {
    /** The same cluster by the same connection, in another namespace. Closing either closes both. */
    within(namespace: string): ClusterClient
  }

/** What a server says of itself. */
export interface ServerFacts {
  /** `v1.36.3` */
  version(options?: {readonly signal?: AbortSignal}): Promise<string>
}

/** How a kubeconfig, or the pod we run in, leads to an API server. */
export interface ServerWay {
  /** The kubeconfig that has the user; inside a pod the file of its token. */
  readonly file: string
  /** Null inside a pod. */
  readonly context: string | null
  readonly server: string
  /** Of the kubeconfig; '' for none. */
  readonly user: string
  /** `its token`, `the plugin aws`, for messages. */
  readonly login: string
  /** When the client certificate ends, epoch milliseconds; null without one. */
  readonly certificateEnds: number | null
  /** Without credentials; null for none. */
  readonly proxy: string | null
  /** The certificate of the server is checked. */
  readonly isChecked: boolean
}

/** A connection to an API server, as it was made. */
export interface ServerConnection {
  /** `TLSv1.3`; null for plain http. */
  readonly tls: string | null
  /** `h2` or `http/1.1`. */
  readonly protocol: string
  /** When the server's certificate ends, epoch milliseconds; null without one. */
  readonly certificateEnds: number | null
}

export interface ExecOptions {
  readonly container: string
  readonly command: readonly string[]
  /** A terminal for the program; then its stderr comes on stdout. */
  readonly tty: boolean
  /** Whether the program gets our stdin; else it has none. */
  readonly stdin: boolean
  /** Lets go of the program, also after it was started. The program itself goes on: nothing in the protocol would stop it. */
  readonly signal?: AbortSignal
}

/** A program that runs in a container. */
export interface Execution {
  /** Destroyed when the program ends. */
  readonly stdin: Writable
  /** Both end with the program, and fail where it is lost. As long as one of them is not read, the other waits too. */
  readonly stdout: Readable
  readonly stderr: Readable
  /** False for servers before Kubernetes 1.30, which can't be told that stdin has ended. */
  readonly canEndStdin: boolean
  /** The program's exit code. Rejects with a SapocheError where it could not be started, or was lost; it need not be awaited. */
  readonly exit: Promise<number>
  resize(size: {readonly columns: number; readonly rows: number}): void
}

export interface PodPort {
  readonly pod: string
  readonly port: number
}

/** What goes on inside pods, over WebSockets of the API server (`exec`, `tunnel`). */
export interface PodAccess {
  /** Starts a program in a container. Rejects with the API server's errors (403, 404 ...); what happens later is told by `exit`. */
  execute(pod: string, options: ExecOptions): Promise<Execution>
  /** A stream to a port, which opens by itself: `connect` or `error` follows. Lost connections are errors and never ends. */
  openTunnel(target: PodPort, options?: {readonly signal?: AbortSignal}): Duplex
}
