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

export interface ListOptions {
  readonly labelSelector?: string
  readonly fieldSelector?: string
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
  /** The connection is gone and is being tried again; what is known grows old from now on. */
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
  /** Lists, then follows for ever: survives dropped connections, expired versions and restarts of the server. Ends when `signal` aborts. */
  watch<T>(resource: Resource, decode: Decode<T>, options?: ListOptions): AsyncIterable<WatchEvent<T>>
  /**
   * The server's clock, from the `Date` header of the newest answer, and how far this machine's clock is ahead of it,
   * both in milliseconds; null before the first answer.
   */
  serverClock(): {readonly now: number; readonly skew: number} | null
  close(): void
}
