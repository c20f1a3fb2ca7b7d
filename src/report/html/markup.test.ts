import { expect, test } from 'vitest'
import { dataScript, html, trusted } from './markup.ts'

test('text from elsewhere cannot become markup, neither as text nor in an attribute', () => {
  const reply = `<img src=x onerror="alert('1')"> & more`
  expect(html`<p title="${reply}">${reply}</p>`.markup).toBe(
    '<p title="&lt;img src=x onerror=&quot;alert(&#39;1&#39;)&quot;&gt; &amp; more">&lt;img src=x onerror=&quot;alert(&#39;1&#39;)&quot;&gt; &amp; more</p>',
  )
})

test('characters that turn the direction of text around are taken out', () => {
  expect(html`${'a\u202egpj.exe\u0007'}`.markup).toBe('a gpj.exe')
})

test('HTML inside HTML stays, lists are joined, absent parts leave nothing', () => {
  const items = ['a', 'b'].map((item) => html`<li>${item}</li>`)
  expect(html`<ul>${items}${undefined}${false}${3}${trusted('<hr>')}</ul>`.markup).toBe(
    '<ul><li>a</li><li>b</li>3<hr></ul>',
  )
})

test('data cannot end its script element, and reads back equal', () => {
  const data = { text: '</script><!--<script>', number: 1.25 }
  const { markup } = dataScript('d', data)
  const json = markup.replace('<script type="application/json" id="d">', '').replace('</script>', '')
  expect(json).not.toContain('<')
  expect(JSON.parse(json)).toEqual(data)
})
