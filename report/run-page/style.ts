/** The page's style sheet: two palettes, one column on a phone, no colours that paper does not need in print. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --ground: #f4f6f8; --paper: #ffffff; --ink: #16202a; --soft: #52606d; --rule: #d8dfe6; --tint: #eaf1f8;
  --blue: #0b5cad; --orange: #b4470a; --violet: #6b3fa0; --good: #146c37; --bad: #b3261e; --warn: #855600;
  --bar: #0b5cad; --bar-low: #d98a5b; --area: #0b5cad26;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --ground: #0e1318; --paper: #161c23; --ink: #e7edf3; --soft: #a6b3bf; --rule: #2d3843; --tint: #1b2733;
    --blue: #78b9ff; --orange: #ffab70; --violet: #c9a6ff; --good: #74d292; --bad: #ff958c; --warn: #f0c052;
    --bar: #4d9ae8; --bar-low: #c9804f; --area: #78b9ff2e;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body {
  margin: 0; background: var(--ground); color: var(--ink);
  font: 16px/1.55 system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', 'Liberation Sans', Arial, sans-serif;
}
.page { max-width: 1120px; margin: 0 auto; padding: 24px 16px 64px; }
h1, h2, h3 { line-height: 1.25; margin: 0; text-wrap: balance; }
h1 { font-size: 1.15rem; font-weight: 600; overflow-wrap: anywhere; }
h2 { font-size: 1.35rem; }
h3 { font-size: 1rem; }
p { margin: 0 0 .75em; max-width: 72ch; }
a { color: var(--blue); text-underline-offset: .15em; }
a:focus-visible, summary:focus-visible { outline: 3px solid var(--blue); outline-offset: 2px; border-radius: 3px; }
code { font: .88em ui-monospace, 'SF Mono', Menlo, Consolas, 'Liberation Mono', monospace; overflow-wrap: anywhere; }
.soft, figcaption, caption { color: var(--soft); }
.top { display: flex; flex-wrap: wrap; gap: 4px 14px; align-items: baseline; margin-bottom: 18px; }
.top p { margin: 0; }
.state { font-size: .8rem; font-weight: 700; letter-spacing: .03em; padding: 2px 10px; border-radius: 99px; border: 1.5px solid currentColor; }
.good { color: var(--good); } .bad { color: var(--bad); } .warn { color: var(--warn); } .busy { color: var(--blue); }
.card { background: var(--paper); border: 1px solid var(--rule); border-radius: 14px; padding: 24px; margin-bottom: 20px; }
.answer { display: grid; gap: 28px; grid-template-columns: 1fr; }
.headline { font-size: clamp(1.5rem, 1.1rem + 2vw, 2.1rem); font-weight: 700; letter-spacing: -.015em; line-height: 1.2; margin: 0 0 .5em; text-wrap: balance; }
.big { display: flex; align-items: baseline; gap: 14px; margin: 0 0 .5em; }
.big strong { font-size: clamp(3.2rem, 2rem + 6vw, 4.8rem); line-height: 1; letter-spacing: -.035em; font-variant-numeric: tabular-nums; }
.big span { color: var(--soft); max-width: 14em; line-height: 1.35; }
.looks { list-style: none; margin: 10px 0 0; padding: 0; }
.looks li { padding: 10px 0 10px 28px; border-top: 1px solid var(--rule); position: relative; }
.looks li::before { position: absolute; left: 2px; font-weight: 700; content: '→'; color: var(--blue); }
.looks li.warn, .looks li.good, .looks li.bad { color: inherit; }
.looks li.warn::before { content: '!'; color: var(--warn); left: 7px; }
.looks li.bad::before { content: '✕'; color: var(--bad); }
.looks li.good::before { content: '✓'; color: var(--good); }
nav ul { display: flex; flex-wrap: wrap; gap: 6px 18px; list-style: none; padding: 0; margin: 0 0 20px; font-size: .95rem; }
section > h2 { margin-bottom: .35em; }
section > h3, .card > h3 { margin: 28px 0 6px; }
.grid { display: grid; gap: 28px 24px; grid-template-columns: repeat(auto-fill, minmax(min(100%, 296px), 1fr)); margin: 18px 0 6px; }
figure { margin: 0; min-width: 0; }
.chart svg { display: block; width: 100%; height: auto; color: var(--soft); overflow: visible; }
.chart svg text { fill: var(--soft); stroke: none; }
.chart svg text.mark { fill: var(--ink); font-weight: 600; }
.chart h3 { font-size: .95rem; }
.chart.wide .narrow { display: none; }
figcaption { font-size: .88rem; line-height: 1.45; margin-top: 6px; max-width: 72ch; }
.legend { list-style: none; display: flex; flex-wrap: wrap; gap: 2px 16px; margin: 2px 0 0; padding: 0; font-size: .85rem; color: var(--soft); }
.key { display: inline-block; width: 18px; height: 0; border-top: 3px solid; vertical-align: middle; margin-right: 7px; }
.key.dot { width: 9px; height: 9px; border: 0; border-radius: 50%; background: currentColor; }
.key.box { width: 12px; height: 12px; border: 0; border-radius: 2px; background: currentColor; }
.key.faint { opacity: .45; }
.blue { color: var(--blue); } .orange { color: var(--orange); } .violet { color: var(--violet); }
.bar { color: var(--bar); } .bar-low { color: var(--bar-low); } .truth { color: #ffd92e; } .prediction { color: #27d3ff; }
.swatch { display: inline-block; padding: 0 7px; border-radius: 4px; background: #16202a; font-weight: 600; }
.scroll { overflow-x: auto; margin: 14px 0 6px; }
table { border-collapse: collapse; width: 100%; font-size: .94rem; font-variant-numeric: tabular-nums; }
caption { text-align: left; font-size: .88rem; padding-bottom: 6px; }
th, td { text-align: left; padding: 7px 12px 7px 0; border-top: 1px solid var(--rule); vertical-align: top; }
thead th { border-top: 0; font-size: .85rem; color: var(--soft); font-weight: 600; }
tbody th { font-weight: 500; }
td.number, th.number { text-align: right; padding-left: 12px; white-space: nowrap; }
td.number + td, th.number + th { padding-left: 22px; }
td.number + .number, th.number + .number { padding-left: 12px; }
tbody th small { display: block; color: var(--soft); font-size: .85rem; font-weight: 400; }
td.tight { white-space: nowrap; }
td.words { overflow-wrap: anywhere; min-width: 9em; }
.pictures { display: grid; gap: 16px; grid-template-columns: repeat(auto-fill, minmax(min(100%, 220px), 1fr)); margin: 12px 0 20px; }
.pictures img { display: block; width: 100%; height: auto; aspect-ratio: 4 / 3; object-fit: contain; background: #0b0f13; border-radius: 8px; }
.pictures.small { grid-template-columns: repeat(auto-fill, minmax(130px, 1fr)); }
.pictures figcaption { font-size: .84rem; overflow-wrap: anywhere; }
.pictures figcaption strong { color: var(--ink); font-variant-numeric: tabular-nums; }
.facts { display: grid; gap: 14px 24px; grid-template-columns: repeat(auto-fit, minmax(130px, 1fr)); margin: 16px 0; }
.facts div { border-top: 3px solid var(--rule); padding-top: 6px; }
.facts dt { color: var(--soft); font-size: .85rem; }
.facts dd { margin: 0; font-size: 1.3rem; font-weight: 650; font-variant-numeric: tabular-nums; letter-spacing: -.01em; }
progress { width: 100%; height: 10px; accent-color: var(--blue); }
details { margin-top: 14px; }
summary { cursor: pointer; color: var(--blue); font-weight: 500; }
pre { overflow-x: auto; background: var(--tint); padding: 14px; border-radius: 8px; font-size: .85rem; line-height: 1.5; }
pre.reason { white-space: pre-wrap; overflow-wrap: anywhere; }
footer { color: var(--soft); font-size: .88rem; }
@media (min-width: 900px) {
  .page { padding: 36px 28px 80px; }
  .card { padding: 32px 36px; }
  .answer { grid-template-columns: 5fr 6fr; gap: 48px; }
}
@media (max-width: 620px) {
  .card { padding: 20px 16px; border-radius: 12px; }
  .chart.wide .broad { display: none; }
  .chart.wide .narrow { display: block; }
  table.stack thead { position: absolute; clip-path: inset(50%); height: 1px; width: 1px; overflow: hidden; }
  table.stack, table.stack tbody, table.stack tr { display: block; }
  table.stack th, table.stack td { display: block; border: 0; padding: 0; text-align: left; }
  table.scores thead th:first-child { display: none; }
  table.scores, table.scores thead, table.scores tbody { display: block; }
  table.scores tr { display: grid; grid-template-columns: repeat(3, 1fr); border-top: 1px solid var(--rule); padding: 8px 0; }
  table.scores thead tr { border: 0; }
  table.scores tbody th { grid-column: 1 / -1; }
  table.scores th, table.scores td, table.scores td.number, table.scores th.number { border: 0; padding: 0; text-align: left; white-space: normal; }
  table.stack caption, table.scores caption { display: block; }
  table.stack tr { border-top: 1px solid var(--rule); padding: 8px 0; }
}
@media print {
  :root { --ground: #fff; --paper: #fff; }
  body { font-size: 10.5pt; }
  .page { max-width: none; padding: 0; }
  .card { border: 0; padding: 0 0 10pt; }
  nav { display: none; }
  figure, tr, .facts div { break-inside: avoid; }
  h2, h3 { break-after: avoid; }
}
`;
