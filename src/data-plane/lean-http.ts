/**
 * `node:http` without its ES module face: importing that one reads every export, also the lazy `WebSocket`, and so loads
 * all of undici (17 MB resident, measured with Node 26.10 on 2026-11-20). An agent's whole budget is 80 MB.
 */
export const http = process.getBuiltinModule('node:http')
export const https = process.getBuiltinModule('node:https')
