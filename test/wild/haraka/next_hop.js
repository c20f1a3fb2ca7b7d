// All mail is outbound, and has one next hop.
exports.hook_mail = (next, connection) => {
  connection.relaying = true
  next()
}

exports.hook_get_mx = (next) => next(OK, { priority: 0, exchange: '127.0.0.1', port: NEXT_PORT })
