import type {Answer, OrthancReader, PageReader} from '../../clients/orthanc/types.ts'
import {type Root, rootsOf, type Way, wayOf} from './app-config.ts'
import {ask, valueOf} from './ask.ts'
import type {Scene} from './scene.ts'
import type {Asked, Member, OrthancGate, Place} from './types.ts'

const CONFIG = '/app-config.js'

/** A web server of the frontend. */
export interface WebSight {
  /** Its service, or URL. */
  readonly target: string
  /** Null where it is reached by a URL. */
  readonly place: Place | null
  /** Null where no pod of it runs. */
  readonly page: Asked<Answer<true>>
}

/** The viewer, with its configuration and where that leads; null where the layer before does not carry it. */
export interface ViewerSight extends WebSight {
  readonly config: Asked<Answer<string>>
  readonly roots: readonly RootSight[] | null
}

export interface RootSight extends Root {
  /** Null for a root that is computed. */
  readonly way: Way | null
  /** Null where it was not asked. */
  readonly asked: Asked<Answer<true>>
}

/** A reader of Orthanc that is open, and the port of a pod that it is for. */
export interface OpenOrthanc {
  readonly reader: OrthancReader
  readonly pod: string
  readonly port: number
}

/** A pod that takes connections, the best first; null where none does. */
export function liveMember({pods}: Place): (Member & {readonly port: number}) | null {
  for (const {pod, port} of pods) if (pod.endpoint.state !== 'off' && port !== null) return {pod, port}
  return null
}

/** `label` is for messages. Null where the catalogue names no such server. */
export async function askPage(
  label: string,
  place: Place | null,
  url: string | null,
  gate: OrthancGate,
  signal: AbortSignal,
): Promise<WebSight | null> {
  const open = await openPages(label, place, url, gate)
  if (open === null) return null
  const {pages, ...web} = open
  try {
    return {...web, page: pages === null ? null : await ask(() => pages.reader.status(`${pages.path}/`, signal))}
  } finally {
    pages?.reader.close()
  }
}

export async function askViewer(
  {viewer, around}: Scene,
  url: string | null,
  orthanc: readonly OpenOrthanc[],
  gate: OrthancGate,
  signal: AbortSignal,
): Promise<ViewerSight | null> {
  const open = await openPages('DICOM viewer', viewer, url, gate)
  if (open === null) return null
  const {pages, ...web} = open
  if (pages === null) return {...web, page: null, config: null, roots: null}
  const {reader, path} = pages
  try {
    const page = await ask(() => reader.status(`${path}/`, signal))
    if (valueOf(page) === null) return {...web, page, config: null, roots: null}
    const config = await ask(() => reader.text(path + CONFIG, signal))
    const text = valueOf(config)
    if (text === null) return {...web, page, config, roots: null}
    const roots: RootSight[] = []
    for (const root of rootsOf(text)) {
      const way = root.text === null ? null : wayOf(root.text, around)
      roots.push({...root, way, asked: way === null ? null : await askRoot(way, reader, orthanc, gate, signal)})
    }
    return {...web, page, config, roots}
  } finally {
    reader.close()
  }
}

interface OpenPages extends Omit<WebSight, 'page'> {
  readonly pages: {readonly reader: PageReader; readonly path: string} | null
}

async function openPages(label: string, place: Place | null, url: string | null, gate: OrthancGate): Promise<OpenPages | null> {
  if (url !== null) return {target: url, place: null, pages: await gate.pages(label, url)}
  if (place === null) return null
  const member = liveMember(place)
  return {
    target: place.service,
    place,
    pages:
      member === null ? null : await gate.pages(label, {pod: member.pod.name, port: member.port, tlsFor: place.tls ? place.service : null}),
  }
}

/** DICOMweb, without credentials; but Orthanc itself as who we are. What lies outside of the cluster is not asked: nothing is sent there. */
async function askRoot(
  way: Way,
  viewer: PageReader,
  orthanc: readonly OpenOrthanc[],
  gate: OrthancGate,
  signal: AbortSignal,
): Promise<Asked<Answer<true>>> {
  if (way.kind === 'same') return await ask(() => viewer.dicomWeb(way.path, signal))
  if (way.kind !== 'pod' || way.isTls) return null
  const known = orthanc.find(({pod, port}) => pod === way.pod && port === way.port)
  if (known !== undefined) return await ask(() => known.reader.dicomWeb(way.path, 'user', signal))
  const {reader} = await gate.pages('DICOMweb', {pod: way.pod, port: way.port, tlsFor: null})
  try {
    return await ask(() => reader.dicomWeb(way.path, signal))
  } finally {
    reader.close()
  }
}
