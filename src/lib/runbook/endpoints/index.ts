/** Which pod stands behind a name or address inside a cluster. */
export {decodeEndpointPod, type EndpointPod} from './decode.ts'
export {behind, clusterNames, findEndpoint, type ClusterName, type Endpoint, type Found, type Neighbourhood} from './find.ts'
export {readNeighbourhood} from './read.ts'
