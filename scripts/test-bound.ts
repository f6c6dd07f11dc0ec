/**
 * Loaded before each test file: node:test bounds a test, but not a file whose tests are over while a socket or a child
 * still holds its process. Such a file ends after fifteen minutes, fails, and says what held it.
 */
const boundMs = 900_000

if (process.env['NODE_TEST_CONTEXT'] !== undefined) {
  const bound = setTimeout(() => {
    process.stderr.write(`this file did not end within ${boundMs / 60_000} minutes; it was held by: ${process.getActiveResourcesInfo().join(', ')}\n`)
    process.exit(1)
  }, boundMs)
  bound.unref()
}
