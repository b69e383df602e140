"""The look of the sign-off page: one style sheet, light, dark, narrow and printed. Imports nothing.

Colour never says anything alone: every badge carries its word and a sign of its own.
"""

from __future__ import annotations

STYLE = """
:root{color-scheme:light dark;
--bg:#f5f6f8;--card:#fff;--ink:#1b2330;--soft:#566072;--line:#dde1e8;--link:#1d56b0;--code:#eef1f5;
--good:#146c3a;--good-bg:#e3f4e9;--bad:#a8201a;--bad-bg:#fce8e6;--warn:#855300;--warn-bg:#fdf1d8;
--info:#1b4f9c;--info-bg:#e4eefb;--calm:#4a5465;--calm-bg:#eceff3}
@media screen and (prefers-color-scheme:dark){:root{
--bg:#11151b;--card:#1a2028;--ink:#e8ecf2;--soft:#a3aebd;--line:#313a46;--link:#8db8f5;--code:#242c36;
--good:#83d6a2;--good-bg:#15321f;--bad:#ff9d94;--bad-bg:#42191a;--warn:#f2c66d;--warn-bg:#3b2c0d;
--info:#9cc4fb;--info-bg:#162b49;--calm:#b9c2cf;--calm-bg:#272f3a}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;background:var(--bg);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,
"Helvetica Neue",Arial,sans-serif;overflow-wrap:anywhere}
main,header,footer{max-width:1120px;margin:0 auto;padding:0 24px}
header{padding-top:32px}
a{color:var(--link)}
h1{font-size:1.9rem;line-height:1.2;margin:.1em 0 .3em;letter-spacing:-.01em;text-wrap:balance}
h2{font-size:1.22rem;margin:0 0 .7rem;letter-spacing:-.005em}
h3{font-size:1rem;margin:1.5rem 0 .5rem}
p{margin:.4rem 0}
code,.mono{font:.86em/1.45 ui-monospace,"SF Mono",Menlo,Consolas,"DejaVu Sans Mono",monospace}
code{background:var(--code);border-radius:4px;padding:.08em .32em}
.eyebrow{font-size:.78rem;font-weight:650;letter-spacing:.08em;text-transform:uppercase;color:var(--soft);margin:0}
.soft{color:var(--soft)}.small{font-size:.87rem}
.skip{position:absolute;left:-999px}.skip:focus{left:12px;top:12px;background:var(--card);padding:8px 12px;z-index:2}
section,.verdict{margin:20px 0}
section{background:var(--card);border:1px solid var(--line);border-radius:14px;padding:22px 24px}
nav ul{display:flex;flex-wrap:wrap;gap:4px 18px;list-style:none;margin:14px 0 0;padding:0;font-size:.92rem}
.verdict{border-radius:16px;padding:24px 26px;display:grid;grid-template-columns:auto 1fr;gap:4px 20px;
border:2px solid currentColor;align-items:center}
.verdict .sign{grid-row:span 2;width:68px;height:68px;border-radius:50%;border:3px solid currentColor;display:grid;
place-items:center;font-size:2.1rem;font-weight:700;line-height:1}
.verdict .word{font-size:2.5rem;font-weight:800;line-height:1.05;letter-spacing:.005em;margin:0}
.verdict .why{margin:0;color:var(--ink);font-size:1.06rem;text-wrap:balance}
.good{color:var(--good);background:var(--good-bg)}.bad{color:var(--bad);background:var(--bad-bg)}
.warn{color:var(--warn);background:var(--warn-bg)}.info{color:var(--info);background:var(--info-bg)}
.calm{color:var(--calm);background:var(--calm-bg)}
.badge{display:inline-flex;gap:.4em;align-items:baseline;border-radius:1.1em;padding:.12em .7em;font-size:.79rem;
font-weight:680;overflow-wrap:normal;letter-spacing:.015em}
.cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(220px,1fr));gap:14px;margin:20px 0}
.card{background:var(--card);border:1px solid var(--line);border-radius:14px;padding:16px 18px}
.card .head{display:flex;flex-wrap:wrap;justify-content:space-between;gap:4px 10px;align-items:center;font-weight:650}
.card .head>span{white-space:nowrap}
.card p{margin:.5rem 0 0}
.numbers{display:grid;grid-template-columns:repeat(auto-fit,minmax(104px,1fr));gap:12px;margin:0 0 18px}
.numbers div{border-left:3px solid var(--line);padding-left:12px}
.numbers dt{font-size:.82rem;color:var(--soft)}.numbers dd{margin:0;font-size:1.55rem;font-weight:700;line-height:1.2;
font-variant-numeric:tabular-nums}
.bar{display:flex;height:16px;gap:2px;border-radius:8px;overflow:hidden;margin:4px 0 10px}
.bar span{min-width:4px;border:1px solid currentColor}
.bar span.good{background:var(--good)}.bar span.bad{background:var(--bad)}.bar span.warn{background:var(--warn)}
.bar span.info{background:var(--info)}.bar span.calm{background:var(--calm)}
.legend{display:flex;flex-wrap:wrap;gap:8px;list-style:none;margin:0;padding:0}
.reasons{list-style:none;margin:0;padding:0}
.reasons>li{border-top:1px solid var(--line);padding:12px 0;display:grid;grid-template-columns:136px 1fr;gap:4px 14px}
.reasons>li:first-child{border-top:0;padding-top:0}.reasons strong{font-weight:650}
.items{margin:.35rem 0 0;padding-left:1.1rem}.items li{margin:.12rem 0}
table{width:100%;border-collapse:collapse;font-size:.92rem}
caption{text-align:left;font-weight:650;padding:20px 0 8px}
th,td{text-align:left;vertical-align:top;padding:9px 12px 9px 0;border-top:1px solid var(--line)}
thead th{border-top:0;font-size:.79rem;color:var(--soft);font-weight:600}
tbody th{font-weight:400}
.matrix{table-layout:fixed}.matrix .c1{width:28%}.matrix .c2{width:14%}.matrix .c3{width:32%}.matrix .c4{width:12%}
#beyond .c1{width:20%}#beyond .c2{width:16%}
.found{table-layout:fixed}.found .c1{width:24%}.found .c2{width:13%}.found .c3{width:17%}.found .c4{width:23%}
.legend+details{margin-top:12px}.id{white-space:nowrap}.matrix .id{font-weight:700}
tr.blocks{background:color-mix(in srgb,var(--warn-bg) 55%,transparent)}
tr.blocks.fails{background:color-mix(in srgb,var(--bad-bg) 60%,transparent)}
tr.blocks>:first-child{box-shadow:inset 4px 0 var(--warn);padding-left:12px}
tr.blocks.fails>:first-child{box-shadow:inset 4px 0 var(--bad)}
.matrix tr.blocks{scroll-margin-top:12px}
.list{list-style:none;margin:0;padding:0}.list li{padding:1px 0 1px 1.3em;text-indent:-1.3em}
.runs{display:flex;flex-wrap:wrap;gap:0 10px;text-indent:0}.runs>span{white-space:nowrap}
.runs .dot{width:1.2em;text-align:left}
.dot{display:inline-block;width:1.3em;text-indent:0;text-align:center;font-weight:700;background:none}
details>summary{cursor:pointer;color:var(--link)}details[open]>summary{margin-bottom:.3rem}
.failure{border:1px solid var(--line);border-left:5px solid var(--bad);border-radius:10px;
padding:14px 18px;margin:12px 0}
.failure.w{border-left-color:var(--warn)}
.failure h3{margin:0 0 .3rem;display:flex;flex-wrap:wrap;gap:6px 10px;align-items:baseline}
.steps{list-style:none;margin:.7rem 0;padding:0}
.steps li{padding:3px 8px 3px 1.9em;text-indent:-1.4em;border-radius:6px}
.steps li.now{font-weight:650}
.message{margin:.6rem 0 0;padding:12px 14px;border-radius:8px;background:var(--code);white-space:pre-wrap;
font:.83rem/1.5 ui-monospace,"SF Mono",Menlo,Consolas,"DejaVu Sans Mono",monospace;text-indent:0}
.facts{display:grid;grid-template-columns:max-content 1fr;gap:5px 18px;margin:0}
.facts dt{color:var(--soft)}.facts dd{margin:0}
.figure{overflow-x:auto}.figure svg{display:block;min-width:760px}.wider{display:none}
.figure .dicfix-figure .f-ground{fill:var(--card)}.figure .dicfix-figure .s-ground{stroke:var(--card)}
.sign-here{table-layout:fixed}.sign-here td{height:52px}
.sign-here th+th,.sign-here td{border-left:1px solid var(--line);padding-left:12px}
.sign-here thead th{border-left-color:transparent!important}
footer{color:var(--soft);font-size:.85rem;padding-bottom:40px}
@media screen and (max-width:760px){
.wider{display:block}
main,header,footer{padding:0 14px}header{padding-top:20px}
h1{font-size:1.5rem}section{padding:16px;border-radius:12px}
.verdict{padding:18px 16px;gap:4px 14px}.verdict .sign{width:50px;height:50px;font-size:1.5rem;grid-row:auto}
.verdict .word{font-size:1.9rem}.verdict .why{grid-column:1/-1;font-size:1rem}
.reasons>li{grid-template-columns:1fr}
.facts{grid-template-columns:1fr;gap:0}.facts dd{margin-bottom:8px}
.stack,.stack tbody,.stack tr,.stack th,.stack td,.stack caption{display:block;width:auto!important}
.stack thead{position:absolute;left:-9999px}
.stack tr{border:1px solid var(--line);border-radius:10px;padding:10px 12px;margin:0 0 10px}
.stack th,.stack td{border:0;padding:3px 0}
.stack td:empty{display:none}
.stack td[data-label]{display:grid;grid-template-columns:5.6rem 1fr;column-gap:8px;justify-items:start}
.stack td[data-label]>*{grid-column:2}
.stack td[data-label]>br{display:none}
.stack td[data-label]::before{content:attr(data-label);font-size:.8rem;color:var(--soft);grid-column:1;grid-row:1/9}
.stack .mono li{display:inline-block;margin-right:.8em}
.stack tr.blocks>:first-child{box-shadow:none;padding-left:0}
}
@media print{
:root{color-scheme:light;--bg:#fff;--card:#fff;--ink:#000;--soft:#444;--line:#bbb;--link:#000;--code:#f3f3f3;
--good:#0d5a2e;--good-bg:#fff;--bad:#8f130e;--bad-bg:#fff;--warn:#6d4400;--warn-bg:#fff;--info:#123f80;--info-bg:#fff;
--calm:#333;--calm-bg:#fff}
@page{size:A4;margin:14mm}
body{font-size:10pt}main,header,footer{max-width:none;padding:0}nav,.skip,.noprint{display:none}
section{border:0;padding:0;margin:14pt 0}.card,.failure,.verdict,tr,.reasons>li,.figure{break-inside:avoid}
.cards{grid-template-columns:repeat(3,1fr);gap:8pt}.card{padding:8pt 10pt}.verdict{padding:12pt 14pt}
h1{font-size:18pt}h2{font-size:13pt}h3{font-size:10.5pt}table,.message{font-size:8.5pt}code,.mono{font-size:8pt}
th,td{padding:3.5pt 8pt 3.5pt 0}caption{padding:9pt 0 3pt}.small{font-size:8.5pt}.badge{font-size:7.5pt}
.figure svg{min-width:0;width:100%}.legend{gap:5pt}thead{display:table-header-group}
.matrix tr{break-inside:auto}.matrix .c1{width:25%}.matrix .c2{width:12%}.matrix .c3{width:33%}.matrix .c4{width:13%}
.list+details>summary,.items+details>summary,td>details>summary{display:none}
h2,caption{break-after:avoid}.badge{border:1px solid currentColor}
details::details-content{content-visibility:visible;display:block}summary{list-style:none}
a{text-decoration:none}.approval{break-inside:avoid}
}
"""
