import type {Catalogue} from './types.ts'

/**
 * Whether the catalogue is meant for this cluster: one of its `clusters` is the name of the context or the URL of the server,
 * or it names none, which means anywhere.
 */
export function isMeantFor(
  catalogue: Pick<Catalogue, 'clusters'>,
  cluster: {readonly context: string | null; readonly server: string},
): boolean {
  const server = normalUrl(cluster.server)
  return catalogue.clusters.length === 0 || catalogue.clusters.some((entry) => entry === cluster.context || normalUrl(entry) === server)
}

/** `HTTPS://Host:443/` and `https://host` are the same server; what is no URL stays as it is. */
function normalUrl(text: string): string {
  return URL.parse(text)?.href.replace(/\/+$/, '') ?? text
}
