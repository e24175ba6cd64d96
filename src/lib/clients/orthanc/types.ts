/**
 * Asking an Orthanc how it is: its REST API, and DICOM's C-ECHO. Only routes that read, and of their answers only what is declared here:
 * no identifier, no name, no tag and no content of a job leaves this folder. What a version leaves out is null, and never 0.
 */

/** In whose name a request is made: `nobody` sends no credentials, even where there are some. */
export type Asker = 'nobody' | 'user'

/** Why an answer is none. Somebody took the connection in every one of these cases. */
export interface Failure {
  /**
   * `credentials`: 401. `forbidden`: 403 on this route. `absent`: 404. `error`: any other status. `redirect`: 3xx, not followed.
   * `foreign`: an answer of something else (HTML, no HTTP). `broken`: the answer ended too early. `silent`: it did not come, or end, in time.
   */
  readonly kind: 'credentials' | 'forbidden' | 'absent' | 'error' | 'redirect' | 'foreign' | 'broken' | 'silent'
  /** Of HTTP; null where it did not come to that. */
  readonly status: number | null
  /** Orthanc's own error code (36: DatabaseUnavailable); null where the answer names none. */
  readonly orthancStatus: number | null
  /** `answers 503: the database is unavailable`; holds nothing that the server is free to write. */
  readonly words: string
}

/** `ms` counts from the open connection to the end of the answer. */
export type Answer<T> =
  | {readonly value: T; readonly failure: null; readonly ms: number}
  | {readonly value: null; readonly failure: Failure; readonly ms: number}

/** What Orthanc says of itself (`/system`). */
export interface OrthancSystem {
  readonly version: string | null
  readonly dicomAet: string | null
  readonly dicomPort: number | null
  /** Id of the plugin that holds the database; null is Orthanc's own SQLite, or not said. */
  readonly databasePlugin: string | null
  readonly storagePlugin: string | null
  /** Since 1.12.5. */
  readonly readOnly: boolean | null
  /** Bytes, 0 for no limit; said since 1.11.3. */
  readonly maximumStorage: number | null
  /** `Recycle` deletes the oldest patients when it is full, `Reject` answers 507. */
  readonly maximumStorageMode: 'Recycle' | 'Reject' | null
}

/** Sums over the whole archive (`/statistics`). */
export interface OrthancStatistics {
  /** Bytes. */
  readonly diskSize: number | null
  readonly instances: number | null
}

/** A job as far as it may be told of (`/jobs?expand`). */
export interface OrthancJob {
  /** `Pending`, `Running`, `Success`, `Failure`, `Paused`, `Retry`. */
  readonly state: string
  /** Epoch milliseconds; null where it is not complete, or not said. */
  readonly completedAt: number | null
}

/** What came of a C-ECHO. */
export interface EchoAnswer {
  /**
   * `echoed`: DICOM is well. `rejected`: it speaks DICOM and wants no association with us. `failed`: it answered the echo with another status
   * than success. `aborted`, `closed`: it ended the association. `tls`: it wants TLS, which is not spoken here. `foreign`: something else
   * answers. `silent`: nothing does, in time.
   */
  readonly kind: 'echoed' | 'rejected' | 'failed' | 'aborted' | 'closed' | 'tls' | 'foreign' | 'silent'
  /** `rejects the association: called AE title not recognized`; '' for `echoed`. */
  readonly words: string
  readonly ms: number
}

/** Whom a C-ECHO is for. */
export interface EchoTarget {
  readonly port: number
  /** Application entity titles, at most 16 characters. */
  readonly called: string
  readonly calling: string
}

/**
 * One Orthanc. Connections are opened when they are needed. Every call may reject with a SapocheError where no connection comes about, or the
 * way is lost: ServerDownError where nothing listens, else 69, 75, 77 (the tunnel), 130. What the server itself does wrong is an answer.
 */
export interface OrthancReader {
  /** `Orthanc at orthanc-read-api-cdcf:8042`. */
  readonly where: string
  readonly network: 'direct' | 'tunnel'
  /** Who `user` is, for messages; null without credentials, where `user` is `nobody`. */
  readonly who: string | null
  /** `/tools/now`: whether HTTP is answered at all, and as Orthanc does. Touches no database. */
  alive(asker: Asker, signal: AbortSignal): Promise<Answer<true>>
  /** `/system`: memory alone. */
  system(asker: Asker, signal: AbortSignal): Promise<Answer<OrthancSystem>>
  /** `/studies`, asked for one, its status alone: whether patients' data is given to this asker. */
  studies(asker: Asker, signal: AbortSignal): Promise<Answer<true>>
  /** `/changes?last`: one read of the database. */
  database(asker: Asker, signal: AbortSignal): Promise<Answer<true>>
  /** `/statistics`: a transaction that may write, with PostgreSQL. */
  statistics(asker: Asker, signal: AbortSignal): Promise<Answer<OrthancStatistics>>
  /** `/jobs?expand`: of this replica alone. */
  jobs(asker: Asker, signal: AbortSignal): Promise<Answer<readonly OrthancJob[]>>
  /** `/studies` of DICOMweb under this root, for a study that nobody has: its status and type alone. */
  dicomWeb(root: string, asker: Asker, signal: AbortSignal): Promise<Answer<true>>
  /** C-ECHO over an association of its own. */
  echo(target: EchoTarget, signal: AbortSignal): Promise<EchoAnswer>
  close(): void
}

/** Pages of a web server, over the same kinds of connections. Rejects as OrthancReader. */
export interface PageReader {
  /** `DICOM viewer at diag-dicom-viewer-nginx-5d8:8080`. */
  readonly where: string
  /** Whether a page is there; its body is not read. */
  status(path: string, signal: AbortSignal): Promise<Answer<true>>
  /** A text, of at most 1 MiB. */
  text(path: string, signal: AbortSignal): Promise<Answer<string>>
  /** As OrthancReader's, by whoever passes DICOMweb on. */
  dicomWeb(root: string, signal: AbortSignal): Promise<Answer<true>>
  close(): void
}
