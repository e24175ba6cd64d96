/** The pages of the frontend's nginx: the DICOM viewer (OHIF) with its configuration, and the design system. */
import {createServer, type RequestListener} from 'node:http'
import type {Duplex} from 'node:stream'

export interface ViewerOptions {
  /** The DICOMweb root of `app-config.js` at the moment; null where it has none. */
  readonly root: () => string | null
  /** Answers what lies under `/dicom-web`, which nginx passes on. */
  readonly passOn: RequestListener
}

/** Answers one client until it goes. */
export type Serve = (stream: Duplex) => void

/** A web server for connections that it is handed. */
export function serverOf(listener: RequestListener): Serve {
  const server = createServer(listener)
  return (stream) => void server.emit('connection', stream)
}

export function viewerListener({root, passOn}: ViewerOptions): RequestListener {
  return (request, response) => {
    const {url = '/'} = request
    if (url.startsWith('/dicom-web')) return passOn(request, response)
    if (url === '/app-config.js') {
      return void response.setHeader('content-type', 'application/javascript').end(appConfig(root()))
    }
    // As single-page applications are served: whatever there is not, is the page.
    response.setHeader('content-type', 'text/html').end(page('OHIF Viewer', '<script src="/app-config.js"></script>'))
  }
}

export const designSystem: RequestListener = (request, response) => {
  const isHome = request.url === '/' || request.url === '/index.html'
  response.writeHead(isHome ? 200 : 404, {'content-type': 'text/html'})
  response.end(page(isHome ? 'Design system' : '404 Not Found'))
}

/** As OHIF 3 wants it. */
export function appConfig(root: string | null): string {
  const roots = root === null ? {} : {wadoUriRoot: root, qidoRoot: root, wadoRoot: root}
  const configuration = {friendlyName: 'Orthanc', name: 'orthanc', ...roots, qidoSupportsIncludeField: false, imageRendering: 'wadors'}
  const source = {namespace: '@ohif/extension-default.dataSourcesModule.dicomweb', sourceName: 'dicomweb', configuration}
  const config = {routerBasename: '/', showStudyList: true, dataSources: [source], defaultDataSourceName: 'dicomweb'}
  return `window.config = ${JSON.stringify(config, null, 2)}\n`
}

function page(title: string, head = ''): string {
  return `<!DOCTYPE html>\n<html><head><title>${title}</title>${head}</head><body><div id="root"></div></body></html>\n`
}
