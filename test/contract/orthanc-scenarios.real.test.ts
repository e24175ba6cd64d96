import {describe} from 'vitest'
import {appConfig} from '../../src/lib/sandbox/web-server.ts'
import {giveLog} from '../real/containers.ts'
import {clusterOfTheRun} from '../real/control.ts'
import {restore} from '../real/faults.ts'
import {startHttpFront} from '../real/http-front.ts'
import {ORTHANC_LOGIN} from '../real/manifests.ts'
import {waitUntil} from '../real/processes.ts'
import {orthancScenarioSuite} from './orthanc-scenarios.ts'
import {realServers} from './orthanc-stage.ts'
import {realTarget} from './target.ts'

/** What the containers of the runbook's namespace listen on. */
const [HTTP, DICOM, WEB] = [8042, 4242, 80] as const
/** A line of Debian's, when its PostgreSQL is gone. */
const LOG = 'E1123 08:15:21.675785 PluginsManager.cpp:153] The database is not available, closing the connection'
const MISCONFIGURED = 'http://orthanc-read-api-service/dicomweb'

describe('scenarios of orthanc-probe on real servers', () => {
  orthancScenarioSuite(async (scenario) => {
    await realServers.prepare()
    const cluster = await clusterOfTheRun()
    await restore(cluster.api)
    const target = await realTarget(cluster)
    const users = scenario === 'orthanc-open' ? [] : [{...ORTHANC_LOGIN, forbidden: []}]
    const orthanc = await realServers.startOrthanc({users, isLosable: scenario === 'orthanc-db-down'})
    if (scenario === 'orthanc-db-down') await orthanc.loseDatabase()
    const front = await startHttpFront(orthanc.port)
    // It listens elsewhere than in a pod.
    front.on(/^\/system/, {kind: 'amend', fields: {DicomPort: DICOM, HttpPort: HTTP}})
    const root = scenario === 'viewer-misconfigured' ? MISCONFIGURED : '/dicom-web'
    const web = await realServers.startViewer({appConfig: appConfig(root), orthanc: front.port})
    const viewer = await startHttpFront(web.port)
    await giveLog(cluster, {}, [{time: new Date().toISOString(), text: LOG}])
    await target.openPort(DICOM, orthanc.dicom)
    await target.openPort(HTTP, front.port)
    await target.openPort(WEB, viewer.port)
    // What was behind the ports before may still be found for a moment.
    const isOpen = async (): Promise<boolean> => {
      await target.sapoche(['orthanc-probe'])
      return front.seen.length > 0 && viewer.seen.length > 0
    }
    await waitUntil('the pods lead to these servers', isOpen, {timeout: 30_000})
    return {
      target,
      login: ORTHANC_LOGIN,
      async close() {
        await front.close()
        await viewer.close()
        await web.stop()
        await orthanc.stop()
        await target.close()
      },
    }
  })
})
