import { type Check, outOfOrder } from '../check.ts'
import { HELLO, helloAgain, mail, rcpt, say, WHATEVER } from '../step.ts'

/** Commands out of their order. */
export const ORDER_CHECKS: readonly Check[] = [
  {
    id: 'mail-first',
    title: 'MAIL before EHLO',
    rfc: 'RFC 5321 4.1.4',
    plain: 'mail',
    asks: ['mail'],
    steps: (context) => [{ name: 'greeting', send: '' }, mail(context)],
    judge: outOfOrder('mail', 'a session without EHLO may send mail'),
  },
  {
    id: 'rcpt-first',
    title: 'RCPT before MAIL',
    rfc: 'RFC 5321 3.3',
    plain: 'rcpt',
    asks: ['rcpt'],
    steps: (context) => [...HELLO, rcpt(context)],
    judge: outOfOrder('rcpt', 'a recipient without a sender is taken'),
  },
  {
    id: 'data-first',
    title: 'DATA without a recipient',
    rfc: 'RFC 5321 3.3',
    asks: ['data'],
    steps: (context) => [
      ...HELLO,
      mail(context),
      // When it is taken, the connection is closed within it: nothing is stored.
      say('data', 'DATA'),
    ],
    judge: outOfOrder('data', 'a message to nobody is taken', [503, 554]),
  },
  {
    id: 'nested-mail',
    title: 'MAIL within a transaction',
    rfc: 'RFC 5321 4.1.4',
    asks: ['again'],
    steps: (context) => [...HELLO, mail(context), { ...mail(context), name: 'again' }],
    judge: outOfOrder('again', 'a transaction begins within another'),
  },
  {
    id: 'ehlo-again',
    title: 'EHLO ends a transaction',
    rfc: 'RFC 5321 4.1.4',
    plain: 'rcpt',
    asks: ['again', 'rcpt'],
    steps: (context) => [...HELLO, mail(context), helloAgain('again'), { ...rcpt(context), after: WHATEVER }],
    judge: outOfOrder('rcpt', 'the transaction goes on after EHLO', [503, 500]),
  },
]
