/** The pages of the frontend's nginx: the DICOM viewer (OHIF) with its configuration, and the design system. */
import {createServer, type RequestListener} from 'node:http'
import type {Duplex} from 'node:stream'

export interface ViewerOptions {
  /** What is in `app-config.js` at the moment; null where there is no such file. */
  readonly config: () => string | null
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

export function viewerListener({config, passOn}: ViewerOptions): RequestListener {
  return (request, response) => {
    const {url = '/'} = request
    if (url.startsWith('/dicom-web')) return passOn(request, response)
    const text = url === '/app-config.js' ? config() : null
    if (text !== null) return void response.setHeader('content-type', 'application/javascript').end(text)
    // As single-page applications are served: whatever there is not, is the page.
    response.setHeader('content-type', 'text/html').end(page('OHIF Viewer', '<script src="/app-config.js"></script>'))
  }
}

export const designSystem: RequestListener = (request, response) => {
  const isHome = request.url === '/' || request.url === '/index.html'
  response.writeHead(isHome ? 200 : 404, {'content-type': 'text/html'})
  response.end(page(isHome ? 'Design system' : '404 Not Found'))
}

/** `app-config.js` as OHIF 3 has it, with that DICOMweb root; null: with none. */
export function appConfig(root: string | null): string {
  const roots = root === null ? '' : ['wadoUriRoot', 'qidoRoot', 'wadoRoot'].map((name) => `\n        ${name}: '${root}',`).join('')
  return `/** @type {AppTypes.Config} */
window.config = {
  routerBasename: '/',
  showStudyList: true,
  defaultDataSourceName: 'dicomweb',
  dataSources: [
    {
      namespace: '@ohif/extension-default.dataSourcesModule.dicomweb',
      sourceName: 'dicomweb',
      configuration: {
        friendlyName: 'Orthanc',
        name: 'orthanc',${roots}
        qidoSupportsIncludeField: false,
        imageRendering: 'wadors',
      },
    },
  ],
}
`
}

function page(title: string, head = ''): string {
  return `<!DOCTYPE html>\n<html><head><title>${title}</title>${head}</head><body><div id="root"></div></body></html>\n`
}
