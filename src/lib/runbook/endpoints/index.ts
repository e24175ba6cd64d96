/** Which pod stands behind a name or address inside a cluster. */
export {decodeEndpointPod, type EndpointPod} from './decode.ts'
export {behind, clusterNames, findEndpoint, membersOf, type Neighbourhood, targetPort} from './find.ts'
export {readNeighbourhood} from './read.ts'
