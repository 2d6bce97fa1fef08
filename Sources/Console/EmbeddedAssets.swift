// Made from the files in Assets; see AssetTests.

enum EmbeddedAssets {
    static let style = ##"""
        /* The console's style. Colours are custom properties, light first; the graph and the timeline use the same. */
        :root {
          color-scheme: light dark;
          --bg: #f5f6f9; --surface: #ffffff; --raised: #ffffff; --sunken: #eef1f6;
          --line: #dde2ea; --line-strong: #868fa0; --text: #182033; --quiet: #566073; --accent: #1d4fa8; --accent-ink: #ffffff;
          --good: #0a6b58; --good-soft: #dff3ed; --busy: #1d4fa8; --busy-soft: #e3ecfb; --undo: #875500; --undo-soft: #fbf0da;
          --bad: #b02318; --bad-soft: #fce9e6; --quiet-soft: #eceff4; --focus: #1d4fa8;
          --shadow: 0 1px 2px rgb(20 30 50 / 6%), 0 6px 20px rgb(20 30 50 / 8%);
          --mono: ui-monospace, "SF Mono", "Cascadia Mono", "JetBrains Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace;
          --sans: system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", "DejaVu Sans", sans-serif;
        }
        @media (prefers-color-scheme: dark) {
          :root {
            --bg: #0e131b; --surface: #151b26; --raised: #1b2331; --sunken: #10161f;
            --line: #283143; --line-strong: #6d7a92; --text: #e4e9f2; --quiet: #a3aec1; --accent: #8ab4ff; --accent-ink: #0e1a30;
            --good: #6fd0b5; --good-soft: #12312b; --busy: #8ab4ff; --busy-soft: #18294a; --undo: #f0b967; --undo-soft: #38290f;
            --bad: #ff9288; --bad-soft: #411b19; --quiet-soft: #222b3a; --focus: #8ab4ff;
            --shadow: 0 1px 2px rgb(0 0 0 / 40%), 0 8px 24px rgb(0 0 0 / 40%);
          }
        }
        *, *::before, *::after { box-sizing: border-box; }
        html { scroll-padding-top: 4.5rem; }
        body { margin: 0; background: var(--bg); color: var(--text); font: 14px/1.5 var(--sans); overflow-wrap: break-word; }
        h1 { font-size: 1.35rem; line-height: 1.25; margin: 0; letter-spacing: -.01em; font-weight: 650; }
        h2 { font-size: .95rem; margin: 0 0 .6rem; font-weight: 650; }
        h3 { font-size: .9rem; margin: 0; font-weight: 650; }
        p { margin: .3rem 0; }
        a { color: var(--accent); text-decoration: underline; text-decoration-color: color-mix(in srgb, currentColor 35%, transparent); text-underline-offset: .18em; }
        a:hover { text-decoration-color: currentColor; }
        code, pre, kbd { font-family: var(--mono); font-size: .92em; }
        b { font-weight: 620; }
        q { quotes: "“" "”"; }
        :focus-visible { outline: 2px solid var(--focus); outline-offset: 2px; border-radius: 4px; }
        main:focus { outline: none; }
        .hidden { position: absolute; width: 1px; height: 1px; margin: -1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
        [hidden] { display: none !important; }
        .skip { position: absolute; left: .5rem; top: -4rem; background: var(--raised); padding: .5rem .8rem; z-index: 30; border-radius: 6px; }
        .skip:focus { top: .5rem; }
        .quiet, .none { color: var(--quiet); font-weight: 400; }
        .nowrap, time { white-space: nowrap; }
        .number { font-variant-numeric: tabular-nums; }
        .icon { flex: none; vertical-align: -.18em; }
        .icon .line { fill: none; stroke: currentColor; stroke-width: 1.6; stroke-linecap: round; stroke-linejoin: round; }
        .icon .fill { fill: currentColor; }
        .icon .cut { fill: none; stroke: var(--surface); stroke-width: 1.7; stroke-linecap: round; stroke-linejoin: round; }

        /* The top */
        .top { position: sticky; top: 0; z-index: 20; display: flex; align-items: center; gap: .4rem 1.2rem; flex-wrap: wrap; padding: .45rem clamp(.8rem, 2.5vw, 2rem); background: var(--surface); border-bottom: 1px solid var(--line); }
        .brand { display: inline-flex; align-items: center; gap: .5rem; font-weight: 680; letter-spacing: -.01em; color: var(--text); text-decoration: none; }
        .brand.big { font-size: 1.2rem; justify-content: center; }
        .mark path { fill: none; stroke-width: 2.2; stroke-linecap: round; }
        .mark-forward { stroke: var(--good); } .mark-back { stroke: var(--undo); }
        .mark-forward-dot { fill: var(--good); } .mark-back-dot { fill: var(--undo); }
        .top nav ul { display: flex; gap: .15rem; list-style: none; margin: 0; padding: 0; }
        .top nav a { display: flex; align-items: center; gap: .4rem; padding: .35rem .65rem; border-radius: 7px; color: var(--quiet); text-decoration: none; font-weight: 550; }
        .top nav a:hover { background: var(--sunken); color: var(--text); }
        .top nav a[aria-current] { color: var(--text); background: var(--quiet-soft); }
        .find { flex: 1 1 12rem; max-width: 26rem; margin-left: auto; display: flex; align-items: center; position: relative; }
        .find .icon { position: absolute; left: .6rem; color: var(--quiet); pointer-events: none; }
        .find input:not([type="checkbox"]) { width: 100%; padding-left: 2rem; }
        .live[aria-pressed="true"] { color: var(--good); } .live[aria-pressed="false"] { color: var(--quiet); }
        .who { color: var(--quiet); }
        .menu { position: relative; } .menu summary { cursor: pointer; color: var(--quiet); max-width: 14rem; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; padding: .3rem .2rem; }
        .menu-body { position: absolute; right: 0; top: 2.1rem; min-width: 13rem; background: var(--raised); border: 1px solid var(--line); border-radius: 10px; padding: .5rem; box-shadow: var(--shadow); }
        .menu-body button { display: block; width: 100%; text-align: left; }
        main { padding: 1.1rem clamp(.8rem, 2.5vw, 2rem) 4rem; max-width: 112rem; margin: 0 auto; }
        section { margin-top: 1.6rem; }

        /* Things to press and to fill in */
        .button, .quiet-button { font: inherit; font-weight: 550; display: inline-flex; align-items: center; gap: .4rem; min-height: 2rem; padding: .25rem .75rem; border-radius: 7px; border: 1px solid var(--line-strong); background: var(--surface); color: var(--text); cursor: pointer; text-decoration: none; }
        .button:hover { background: var(--sunken); }
        .button.primary { background: var(--accent); border-color: var(--accent); color: var(--accent-ink); }
        .button.primary:hover { filter: brightness(1.08); }
        .button.grave { color: var(--bad); border-color: color-mix(in srgb, var(--bad) 55%, var(--surface)); }
        form .button.grave { background: var(--bad); color: var(--surface); border-color: var(--bad); }
        .quiet-button { border-color: transparent; background: none; color: var(--quiet); padding-inline: .5rem; }
        .quiet-button:hover { background: var(--sunken); color: var(--text); }
        input:not([type="checkbox"]), select, textarea { font: inherit; color: inherit; background: var(--surface); border: 1px solid var(--line-strong); border-radius: 7px; padding: .3rem .55rem; min-height: 2rem; max-width: 100%; }
        textarea { font-family: var(--mono); font-size: .92em; width: 100%; }
        input::placeholder { color: var(--quiet); opacity: 1; }
        input[type="checkbox"] { flex: none; width: 1.05rem; height: 1.05rem; accent-color: var(--accent); margin: 0; }
        label { font-weight: 550; }
        .check { display: flex; align-items: center; gap: .5rem; font-weight: 400; min-height: 1.75rem; }
        fieldset { border: 1px solid var(--line); border-radius: 8px; margin: .5rem 0; padding: .4rem .8rem; }
        legend { font-weight: 550; padding: 0 .3rem; }
        summary { cursor: pointer; }

        /* States: shape, colour, word */
        .state { display: inline-flex; align-items: center; gap: .4rem; font-weight: 570; white-space: nowrap; margin-right: .5rem; }
        .good { color: var(--good); } .busy { color: var(--busy); } .undo { color: var(--undo); } .bad { color: var(--bad); } .state.quiet { color: var(--quiet); }
        .title { display: flex; align-items: center; gap: .5rem .9rem; flex-wrap: wrap; margin-bottom: .5rem; }
        .title .state { padding: .15rem .65rem; border-radius: 99px; margin: 0; }
        .title .good { background: var(--good-soft); } .title .busy { background: var(--busy-soft); } .title .undo { background: var(--undo-soft); } .title .bad { background: var(--bad-soft); } .title .quiet { background: var(--quiet-soft); }
        .title .icon .cut { stroke: var(--surface); }
        .version { color: var(--quiet); font-weight: 450; font-size: .85em; }
        .id { color: var(--quiet); }
        a .id { color: inherit; }
        .crumbs { margin-bottom: .4rem; color: var(--quiet); }

        /* One run */
        .sentence { font-size: 1.06rem; line-height: 1.55; max-width: 76ch; margin: .5rem 0 .9rem; padding: .1rem 0 .1rem .85rem; border-left: 3px solid var(--line-strong); }
        .sentence.needs { border-left-color: var(--bad); }
        .facts { display: flex; flex-wrap: wrap; gap: .35rem 1.8rem; margin: .4rem 0 0; }
        .facts div { min-width: 0; } .facts dt { color: var(--quiet); font-size: .82rem; } .facts dd { margin: 0; overflow-wrap: anywhere; }
        .actions { display: flex; flex-wrap: wrap; gap: .5rem; margin-top: 1rem; align-items: flex-start; }
        .action { position: relative; }
        .action > summary { list-style: none; } .action > summary::-webkit-details-marker { display: none; }
        .action[open] > summary { background: var(--sunken); }
        .action-body { position: absolute; z-index: 10; top: 2.4rem; left: 0; width: min(27rem, calc(100vw - 2rem)); display: grid; gap: .4rem; background: var(--raised); border: 1px solid var(--line); border-radius: 10px; padding: .8rem .9rem; box-shadow: var(--shadow); white-space: normal; text-align: left; }
        .action-body p { margin: 0 0 .3rem; } .action-body .button { justify-self: start; margin-top: .3rem; }
        .row-actions .action-body { left: auto; right: 0; }
        .row-actions { white-space: nowrap; text-align: right; } .row-actions .action { display: inline-block; margin-left: .25rem; }
        .row-actions summary.button { min-height: 1.75rem; padding: .05rem .55rem; font-size: .93em; }
        .picture { background: var(--surface); border: 1px solid var(--line); border-radius: 10px; padding: .8rem; overflow-x: auto; }
        .tools { display: flex; justify-content: flex-end; gap: .1rem; margin: -2.1rem 0 .2rem; } .tools .quiet-button { min-height: 1.75rem; }
        .moment { pointer-events: none; } .moment path { stroke: var(--text); stroke-width: 1; stroke-dasharray: 3 2; fill: none; } .moment text { fill: var(--text); font-size: 11px; font-weight: 600; }
        .payload { margin: .25rem 0; } .payload > summary { width: fit-content; padding: .15rem 0; }
        .copied { position: relative; } .copied pre { margin: .3rem 0; padding: .6rem .8rem; background: var(--sunken); border: 1px solid var(--line); border-radius: 8px; overflow: auto; max-height: 32rem; white-space: pre-wrap; overflow-wrap: anywhere; tab-size: 2; unicode-bidi: plaintext; }
        .copied button { position: absolute; right: .35rem; top: .35rem; background: var(--raised); border-color: var(--line); }
        .says .payload { font-size: .95em; } .says p { margin: 0; }
        .mark-text { display: inline-block; font-weight: 400; font-size: .82rem; color: var(--quiet); border: 1px solid var(--line); border-radius: 5px; padding: 0 .35rem; white-space: nowrap; }
        .error { color: var(--text); } .error-kind { font-family: var(--mono); font-size: .88em; color: var(--bad); }

        /* Tables */
        .scroll { overflow-x: auto; background: var(--surface); border: 1px solid var(--line); border-radius: 10px; }
        table { border-collapse: collapse; width: 100%; }
        th, td { text-align: left; vertical-align: top; padding: .45rem .75rem; border-top: 1px solid var(--line); }
        thead th { border-top: 0; color: var(--quiet); font-size: .82rem; font-weight: 550; white-space: nowrap; background: var(--surface); }
        tbody th { font-weight: 550; }
        tbody tr:hover, tbody tr:focus-within { background: color-mix(in srgb, var(--sunken) 60%, transparent); }
        tr.here { box-shadow: inset 3px 0 0 var(--accent); }
        tr.element th { padding-left: 1.9rem; font-weight: 450; }
        tr.bad td:first-child { box-shadow: inset 3px 0 0 var(--bad); } tr.undo td:first-child { box-shadow: inset 3px 0 0 var(--undo); }
        .history tr, .history td { color: var(--text); } .history td:first-child { color: var(--quiet); font-variant-numeric: tabular-nums; }
        .history .dot { color: var(--quiet); }
        .runs th[scope="row"] { min-width: 14rem; } .runs .under { display: block; font-weight: 400; font-size: .9em; }
        .row-link { font-weight: 570; color: var(--text); text-decoration: none; } .row-link:hover { text-decoration: underline; }
        .says { min-width: 15rem; max-width: 44rem; overflow-wrap: anywhere; }
        .runs .says > .line { display: -webkit-box; -webkit-line-clamp: 2; -webkit-box-orient: vertical; overflow: hidden; }
        .step-name { font-family: var(--mono); font-size: .95em; }

        /* Lists */
        .tabs ul { display: flex; flex-wrap: wrap; gap: .1rem; list-style: none; margin: 0 0 .8rem; padding: 0; border-bottom: 1px solid var(--line); }
        .tabs a { display: block; padding: .35rem .75rem; color: var(--quiet); text-decoration: none; border-bottom: 2px solid transparent; margin-bottom: -1px; }
        .tabs a:hover { color: var(--text); } .tabs a[aria-current] { color: var(--text); font-weight: 600; border-color: var(--accent); }
        .filters { display: flex; flex-wrap: wrap; gap: .5rem .8rem; align-items: end; margin-bottom: .8rem; }
        .field { display: grid; gap: .15rem; } .field label { font-size: .82rem; color: var(--quiet); font-weight: 500; } .field.buttons { display: flex; gap: .4rem; }
        .more-filters > summary { color: var(--quiet); min-height: 2rem; display: flex; align-items: center; } .more-filters[open] { flex-basis: 100%; order: 3; }
        .bulk { display: flex; flex-wrap: wrap; gap: .5rem; align-items: center; margin: 0 0 .6rem; color: var(--quiet); }
        .pages { display: flex; gap: 1.2rem; margin: .9rem 0; }
        .fresh { display: flex; justify-content: center; margin-bottom: .5rem; }
        .empty { text-align: center; padding: 2.2rem 1rem; color: var(--quiet); background: var(--surface); border: 1px dashed var(--line-strong); border-radius: 10px; }
        .empty-title { color: var(--text); font-weight: 600; font-size: 1.02rem; } .empty .copied { max-width: 44rem; margin: .8rem auto 0; text-align: left; }
        .notice { display: flex; gap: .6rem; align-items: flex-start; padding: .55rem .85rem; border-radius: 9px; margin-bottom: .9rem; } .notice p { margin: 0; color: var(--text); } .notice .icon { margin-top: .2rem; }
        .notice.good { background: var(--good-soft); } .notice.bad { background: var(--bad-soft); }
        .well { display: flex; gap: .9rem; align-items: center; padding: 1.1rem 1.2rem; border-radius: 12px; background: var(--good-soft); margin: .3rem 0 1rem; } .well p { margin: 0; color: var(--text); } .well .icon { width: 28px; height: 28px; color: var(--good); }
        .cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 13rem), 1fr)); gap: .7rem; margin: .6rem 0; }
        .card { background: var(--surface); border: 1px solid var(--line); border-radius: 10px; padding: .7rem .9rem; } .card dt { color: var(--quiet); font-size: .82rem; } .card dd { margin: 0; font-size: 1.3rem; font-weight: 620; letter-spacing: -.01em; } .card .under { display: block; font-size: .82rem; font-weight: 400; color: var(--quiet); letter-spacing: 0; }
        .group { background: var(--surface); border: 1px solid var(--line); border-left: 3px solid var(--bad); border-radius: 10px; padding: .75rem 1rem; margin: .6rem 0; display: grid; grid-template-columns: 1fr auto; gap: .2rem 1rem; align-items: start; }
        .group h2 { margin: 0; font-size: .9rem; } .group .count { font-size: 1.25rem; font-weight: 650; } .group p { margin: .1rem 0; } .group .samples { color: var(--quiet); }
        .list { list-style: none; margin: 0; padding: 0; background: var(--surface); border: 1px solid var(--line); border-radius: 10px; } .list li { display: flex; flex-wrap: wrap; gap: .2rem .8rem; padding: .5rem .9rem; border-top: 1px solid var(--line); } .list li:first-child { border-top: 0; }

        /* Login, keys */
        .bare main { max-width: 29rem; padding-top: 12vh; }
        .login { background: var(--surface); border: 1px solid var(--line); border-radius: 14px; padding: 1.5rem; box-shadow: var(--shadow); } .login form { display: grid; gap: .5rem; margin: .9rem 0; } .login .button { justify-self: start; }
        dialog { border: 1px solid var(--line); border-radius: 12px; background: var(--raised); color: var(--text); padding: 1.2rem 1.4rem; box-shadow: var(--shadow); } dialog::backdrop { background: rgb(10 15 25 / 45%); }
        .foot { padding: 0 1.5rem 1rem; text-align: right; } .foot[hidden] { display: none; } #keys .check { margin-bottom: .8rem; }
        .keys { display: grid; grid-template-columns: auto 1fr; gap: .3rem 1rem; margin: 0 0 1rem; } .keys dd { margin: 0; } kbd { border: 1px solid var(--line-strong); border-bottom-width: 2px; border-radius: 5px; padding: 0 .4rem; }

        @media (max-width: 40rem) {
          .find { order: 5; flex-basis: 100%; max-width: none; } .top { position: static; }
          .top nav a { padding: .35rem .45rem; } .group { grid-template-columns: 1fr; }
          .runs thead, .steps thead { display: none; }
          .runs tr, .steps tr { display: grid; grid-template-columns: 1fr auto; border-top: 1px solid var(--line); padding: .45rem .7rem; } .runs tr:first-child, .steps tr:first-child { border-top: 0; }
          .runs th, .runs td, .steps th, .steps td { border: 0; padding: .12rem .2rem; min-width: 0; } .runs th[scope="row"], .steps th[scope="row"] { grid-column: 1 / -1; min-width: 0; } .runs .says, .steps .says { grid-column: 1 / -1; min-width: 0; }
          .runs tr:has(> td > input) th[scope="row"] { grid-column: 1; } .runs td:has(> input) { grid-column: 2; grid-row: 1; }
          .row-actions { grid-column: 1 / -1; text-align: left; } .row-actions .action-body { left: 0; right: auto; } .actions .action:nth-child(n+2) .action-body { left: auto; right: auto; }
          .actions .action { position: static; } .action-body { left: .8rem !important; right: .8rem !important; top: auto; width: auto; }
        }
        @media (min-width: 150rem) { body { font-size: 16px; } }
        @media (prefers-reduced-motion: no-preference) { .button, .top nav a { transition: background-color .12s, color .12s; } }
        @media (forced-colors: active) { .state, .button { forced-color-adjust: auto; } }
        @media print { .top, .actions, .bulk, .filters { display: none; } }

        /* Participants, engines, tenants, keys, the audit: their forms and tables. */
        .form { display: grid; gap: .7rem; max-width: 62rem; }
        .form-row { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 14rem), 1fr)); gap: .5rem .9rem; align-items: start; }
        .form-field { display: grid; gap: .2rem; align-content: start; min-width: 0; }
        .form-field input:not([type="checkbox"]), .form-field select { width: 100%; }
        .form fieldset { min-width: 0; display: grid; gap: .4rem; padding-bottom: .7rem; }
        .hint { color: var(--quiet); font-size: .88em; margin: 0; max-width: 76ch; }
        .fault { display: flex; gap: .4rem; color: var(--bad); margin: 0; } .fault .icon { margin-top: .2rem; }
        [aria-invalid="true"] { border-color: var(--bad) !important; }
        .kept { display: grid; grid-template-columns: minmax(0, 30rem) auto; gap: .2rem .9rem; align-items: center; }
        .checks { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 14rem), 1fr)); }
        .check span { min-width: 0; }
        .panel { margin: .5rem 0; } .panel > summary { width: fit-content; } .panel > summary.button { list-style: none; } .panel > summary.button::-webkit-details-marker { display: none; }
        .panel[open] { background: var(--surface); border: 1px solid var(--line); border-radius: 10px; padding: .9rem 1.1rem 1.1rem; } .panel[open] > summary { margin-bottom: .8rem; }
        .more-trust > summary { color: var(--quiet); min-height: 2rem; } .more-trust[open] { display: grid; gap: .7rem; }
        .button.small { min-height: 1.75rem; padding: .05rem .55rem; font-size: .93em; } form .button.small { white-space: nowrap; }
        .url { overflow-wrap: anywhere; } .under.url { color: var(--quiet); }
        .stacked .under { display: block; font-weight: 400; font-size: .9em; color: var(--quiet); }
        .stacked th[scope="row"] { min-width: 10rem; } .stacked form { margin: 0; }
        .audit .facts { gap: .35rem 1.2rem; } .audit .copied { min-width: min(34rem, 60vw); }
        .meter { display: block; width: 100%; height: 6px; margin: .3rem 0 .1rem; } .meter-rest { fill: var(--quiet-soft); } .meter-part { fill: currentColor; }
        .group ul { margin: .2rem 0; padding-left: 1.2rem; }

        /* The menu of sections */
        .top nav { min-width: 0; } .top nav > ul { flex-wrap: wrap; }
        .top nav .wide { display: none; }
        .sections > summary { display: flex; align-items: center; min-height: 2rem; padding: .35rem .65rem; border-radius: 7px; font-weight: 550; }
        .sections > summary:hover { background: var(--sunken); color: var(--text); } .sections > summary[data-here] { color: var(--text); background: var(--quiet-soft); }
        .top nav .menu-body { display: grid; gap: .1rem; right: auto; left: 0; }
        @media (min-width: 106rem) { .top nav .wide { display: block; } .top nav .narrow { display: none; } }
        @media (max-width: 40rem) {
          .top nav .icon { display: none; } .top nav .menu-body .icon { display: block; }
          .sections { position: static; } .top nav .menu-body { left: .8rem; right: .8rem; top: auto; z-index: 25; } .sections > summary { padding: .35rem .45rem; }
          .stacked thead { display: none; } .stacked, .stacked tbody { display: block; }
          .stacked tr { display: grid; grid-template-columns: 1fr 1fr; gap: .1rem .6rem; border-top: 1px solid var(--line); padding: .5rem .7rem; } .stacked tr:first-child { border-top: 0; }
          .stacked th, .stacked td { border: 0; padding: .12rem .2rem; min-width: 0; overflow-wrap: anywhere; } .stacked th[scope="row"], .stacked .says { grid-column: 1 / -1; min-width: 0; }
          .stacked td[data-name]::before { content: attr(data-name); display: block; color: var(--quiet); font-size: .82rem; }
          .kept { grid-template-columns: 1fr; }
        }

        /* The editor of definitions. A line is as high as the script reckons. */
        .editor { display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); gap: 1rem 1.6rem; align-items: start; }
        .editor-head { display: flex; flex-wrap: wrap; justify-content: space-between; gap: 0 1rem; margin-bottom: .3rem; }
        .code { position: relative; overflow: hidden; border-radius: 7px; }
        .code textarea { display: block; font: 13px/20px var(--mono); min-height: 24rem; height: calc(100vh - 20rem); padding: 8px 10px; tab-size: 2; white-space: pre; overflow: auto; resize: vertical; }
        .code textarea:focus-visible { outline-offset: -2px; }
        .numbered .code textarea { padding-left: 3.9rem; }
        .gutter { position: absolute; left: 1px; top: 9px; width: 3.3rem; font: 13px/20px var(--mono); text-align: right; color: var(--quiet); pointer-events: none; z-index: 1; }
        .gutter span { display: block; padding-right: .6rem; border-left: 3px solid transparent; }
        .gutter .bad { color: var(--bad); border-left-color: var(--bad); font-weight: 700; } .gutter .undo { color: var(--undo); border-left-color: var(--undo); font-weight: 700; }
        .editor-tenant { display: flex; flex-wrap: wrap; align-items: center; gap: .3rem .6rem; margin-top: .6rem; }
        .editor .actions { margin-top: .6rem; }
        .editor-check { position: sticky; top: 3.6rem; max-height: calc(100vh - 4.2rem); overflow-y: auto; padding: .1rem .2rem .6rem; }
        .editor-check h2 { margin-top: 1rem; }
        #check-says .state { margin: 0; font-size: 1.05rem; }
        .findings { list-style: none; margin: 0; padding: 0; background: var(--surface); border: 1px solid var(--line); border-radius: 10px; max-height: 16rem; overflow-y: auto; }
        .findings li { display: flex; flex-wrap: wrap; gap: .1rem .7rem; align-items: baseline; padding: .4rem .8rem; border-top: 1px solid var(--line); } .findings li:first-child { border-top: 0; }
        .findings .detail { flex: 1 1 14rem; min-width: 0; overflow-wrap: anywhere; } .findings .under { flex-basis: 100%; font-size: .85em; overflow-wrap: anywhere; }
        .editor-compare { margin-top: .6rem; }
        #check-graph .picture { max-height: 60vh; overflow: auto; } #check-graph [data-step] { cursor: pointer; }
        .stale .picture { opacity: .55; }
        @media (max-width: 64rem) { .editor { grid-template-columns: minmax(0, 1fr); } .editor-check { position: static; max-height: none; } .code textarea { height: 26rem; } }

        /* Graphs and timelines. They are drawn in classes; the colours are those of the console's stylesheet.
           The sizes of letters are those that GraphMetrics and FittedText reckon with. */

        .graph, .timeline {
          --g-ink: var(--text);
          --g-soft: var(--quiet);
          --g-faint: var(--line-strong);
          --g-mist: color-mix(in srgb, var(--line-strong) 60%, var(--surface));
          --g-hair: var(--line);
          --g-paper: var(--surface);
          --g-lane: var(--sunken);
          --g-ok: var(--good);
          --g-work: var(--busy);
          --g-wait: var(--quiet);
          --g-bad: var(--bad);
          --g-back: var(--undo);
          --g-odd: #7a2da8;
          font-family: var(--sans);
          /* Where it is wider than its place it is scrolled, not shrunk: its letters are as small as they may be. */
          max-width: none;
        }
        @media (prefers-color-scheme: dark) {
          .graph, .timeline { --g-odd: #d3a0ff; }
        }

        /* What stands how: one colour each, by `--c`. */
        .s-pending, .s-skipped, .s-planned, .s-unused, .s-nothing, .s-no-undo, .s-closed { --c: var(--g-faint); }
        .s-executing, .s-accepted, .s-ready { --c: var(--g-work); }
        .s-waiting, .s-retrying { --c: var(--g-wait); }
        .s-succeeded, .s-kept { --c: var(--g-ok); }
        .s-failed, .s-gave-up, .s-person, .s-stuck { --c: var(--g-bad); }
        .s-due, .s-undoing, .s-undone, .s-stays { --c: var(--g-back); }
        .s-unknown { --c: var(--g-odd); }

        .graph text { fill: var(--g-ink); font-size: 11px; }
        .graph .lane { fill: var(--g-lane); }
        .graph .divider { stroke: var(--g-faint); stroke-width: 1.5; stroke-dasharray: 1 5; stroke-linecap: round; fill: none; }
        .graph .lane-name { fill: var(--g-soft); font-size: 11px; letter-spacing: .02em; }
        .graph .paused { fill: var(--g-wait); font-weight: 700; }

        .graph .box { fill: var(--g-paper); stroke: var(--c, var(--g-faint)); stroke-width: 1.5; }
        .graph .stack { fill: none; stroke: var(--c, var(--g-faint)); stroke-width: 1.5; }
        .graph .id { font-size: 13px; font-weight: 600; }
        .graph .undo-step .id { font-size: 12px; }
        .graph .say { fill: var(--g-soft); }
        .graph .step.s-failed .say, .graph .step.s-person .say, .graph .undo-step.s-stuck .say { fill: var(--g-bad); }
        .graph .step.s-failed .box, .graph .step.s-person .box, .graph .undo-step.s-stuck .box,
        .graph .step.s-executing .box, .graph .step.s-accepted .box, .graph .undo-step.s-undoing .box { stroke-width: 2.5; }
        .graph .step.s-pending .id, .graph .step.s-skipped .id, .graph .undo-step.s-planned .id, .graph .undo-step.s-unused .id,
        .graph .undo-step.s-closed .id { fill: var(--g-soft); font-weight: 500; }
        .graph .step.s-skipped .box { stroke-dasharray: 5 4; }
        .graph .undo-step.hollow .box { fill: none; stroke-dasharray: 2 4; stroke-linecap: round; }
        .graph .undo-step.hollow .id { fill: var(--g-soft); font-weight: 500; }
        .graph .undo-step.s-nothing .box { stroke-dasharray: none; fill: var(--g-lane); }
        .graph .undo-step.s-planned .box { stroke: var(--g-mist); }
        .graph .pivot .box { stroke-width: 3; }

        .graph .ring { fill: none; stroke: var(--c, var(--g-soft)); stroke-width: 1.5; }
        .graph .dashed { stroke-dasharray: 2.5 2.5; }
        .graph .solid { fill: var(--c, var(--g-soft)); }
        .graph .glyph { fill: none; stroke: var(--c, var(--g-soft)); stroke-width: 1.8; stroke-linecap: round; stroke-linejoin: round; }
        .graph .solid ~ .glyph { stroke: var(--g-paper); }
        .graph .solid ~ .glyph.full { fill: var(--g-paper); }
        .graph .kind .glyph { stroke: var(--g-soft); stroke-width: 1.4; }

        .graph .edge .line { fill: none; stroke: var(--g-faint); stroke-width: 1.5; }
        .graph .edge .head { fill: var(--g-faint); }
        .graph .edge.done .line { stroke: var(--g-ok); stroke-width: 2; }
        .graph .edge.done .head { fill: var(--g-ok); }
        .graph .edge.undo .line { stroke-dasharray: 3 4; stroke: var(--g-mist); }
        .graph .edge.undo .head { fill: var(--g-mist); }
        .graph .edge.undo.taken .line { stroke: var(--g-back); stroke-width: 2; stroke-dasharray: none; }
        .graph .edge.undo.taken .head { fill: var(--g-back); }
        .graph .turn .line { fill: none; stroke: var(--g-back); stroke-width: 4; stroke-linecap: round; }
        .graph .turn .head { fill: var(--g-back); stroke: var(--g-back); stroke-width: 3; stroke-linejoin: round; }
        .graph .turn-pill rect { fill: var(--g-back); }
        .graph .turn-pill text { fill: var(--g-paper); font-weight: 700; }
        .graph .turn-pill .glyph { stroke: var(--g-paper); }

        .graph .pill rect { fill: var(--g-paper); stroke: var(--g-faint); }
        .graph .pill text { font-size: 10px; font-weight: 600; text-anchor: middle; fill: var(--g-soft); }
        .graph .pill.attempts rect { stroke: var(--g-wait); }
        .graph .pill.attempts text { fill: var(--g-wait); }
        .graph .pill.pivot-mark rect { fill: var(--g-ink); stroke: var(--g-ink); }
        .graph .pill.pivot-mark text { fill: var(--g-paper); }
        .graph .pivot-line path { stroke: var(--g-ink); stroke-width: 1.2; fill: none; }
        .graph .pivot-line.ahead path { stroke: var(--g-faint); }
        .graph .pivot-line text { text-anchor: middle; font-size: 10px; font-weight: 600; fill: var(--g-soft); }
        .graph .pivot-line.passed text { fill: var(--g-ink); }
        .graph .proportions rect { fill: var(--c); }
        .graph a .say { fill: var(--g-work); text-decoration: underline; }
        .graph a:focus-visible { outline: 2px solid var(--g-work); outline-offset: 2px; }

        /* Two versions. */
        .graph .added { --c: var(--g-ok); }
        .graph .removed { --c: var(--g-bad); }
        .graph .changed { --c: var(--g-odd); }
        .graph .added .box, .graph .changed .box { stroke-width: 2.5; }
        .graph .removed .box { stroke-dasharray: 6 4; }
        .graph .removed .id { text-decoration: line-through; }
        .graph .step.added .pill.change rect, .graph .step.removed .pill.change rect, .graph .step.changed .pill.change rect { fill: var(--c); stroke: var(--c); }
        .graph .pill.change text { fill: var(--g-paper); }
        .graph .edge.added .line, .graph .edge.removed .line { stroke: var(--c); stroke-width: 2; }
        .graph .edge.added .head, .graph .edge.removed .head { fill: var(--c); }
        .graph .edge.removed .line { stroke-dasharray: 6 4; }

        /* Timelines. */
        .timeline text { fill: var(--g-ink); font-size: 10px; }
        .timeline .clock, .timeline .since { fill: var(--g-soft); }
        .timeline .since { text-anchor: middle; }
        .timeline .tick { stroke: var(--g-hair); stroke-width: 1; }
        .timeline .rule { stroke: var(--g-hair); stroke-width: .5; }
        .timeline .row .id { font-size: 12px; }
        .timeline .lane { fill: var(--g-lane); }
        .timeline .divider { stroke: var(--g-faint); stroke-width: 1.5; stroke-dasharray: 1 5; stroke-linecap: round; fill: none; }
        .timeline .lane-name { fill: var(--g-soft); font-size: 11px; }
        .timeline .note { fill: var(--g-soft); font-size: 11px; font-style: italic; }
        .timeline .fold rect { fill: var(--g-paper); opacity: .8; }
        .timeline .fold path { stroke: var(--g-faint); stroke-width: 1; stroke-dasharray: 2 3; fill: none; }
        .timeline .fold .break { stroke: var(--g-soft); stroke-width: 1.4; stroke-dasharray: none; }
        .timeline .fold text { text-anchor: middle; fill: var(--g-soft); font-weight: 600; }
        .timeline .p-wait path { stroke: var(--g-wait); stroke-width: 2; }
        .timeline .p-paused path { stroke: var(--g-faint); stroke-width: 2; }
        .timeline .p-person path { stroke: var(--g-bad); stroke-width: 1.5; }
        .timeline .rest { opacity: .45; }
        .timeline .bar.wait { stroke: var(--g-wait); stroke-width: .75; }
        .timeline .bar { --c: var(--g-work); }
        .timeline .b-succeeded, .timeline .b-many { --c: var(--g-ok); }
        .timeline .b-rejected, .timeline .b-lost { --c: var(--g-bad); }
        .timeline .b-busy, .timeline .b-not-sent, .timeline .b-many.failures { --c: var(--g-wait); }
        .timeline .b-unknown { --c: var(--g-odd); }
        .timeline .b-left { --c: var(--g-soft); }
        .timeline [data-lane="undo"] .b-succeeded { --c: var(--g-back); }
        .timeline .bar > rect[rx] { fill: var(--c); }
        .timeline .bar > .accepted { stroke: var(--g-paper); stroke-width: 2; }
        .timeline .bar .said { fill: var(--g-paper); font-weight: 700; text-anchor: middle; }
        .timeline .lost-end { stroke: var(--g-bad); stroke-width: 3; }
        .timeline .b-open > rect { stroke: var(--c); stroke-dasharray: 3 2; fill-opacity: .55; }
        .timeline .b-many > rect { fill-opacity: .75; }
        .timeline .mark { --c: var(--g-soft); }
        .timeline .mark .line { stroke: var(--c); stroke-width: 1.2; stroke-dasharray: 4 3; fill: none; }
        .timeline .m-turn, .timeline .m-undo { --c: var(--g-back); }
        .timeline .m-turn .line { stroke-width: 3; stroke-dasharray: none; }
        .timeline .m-cancel, .timeline .m-takeover, .timeline .m-hand { --c: var(--g-bad); }
        .timeline .m-deadline { --c: var(--g-wait); }
        .timeline .m-signal { --c: var(--g-work); }
        .timeline .ring { fill: none; stroke: var(--c); stroke-width: 1.5; }
        .timeline .solid { fill: var(--c); }
        .timeline .glyph { fill: none; stroke: var(--g-paper); stroke-width: 1.8; stroke-linecap: round; stroke-linejoin: round; }

        /* Moved with a mouse. */
        .picture:has(> .graph) { cursor: grab; }
        .picture.dragged { cursor: grabbing; user-select: none; }
        .tools [aria-pressed="true"] { color: var(--accent); font-weight: 600; }

        /* Where somebody logs in at an identity provider. */
        .providers { display: grid; gap: .5rem; margin: .9rem 0; }
        .providers p { margin: 0; }
        .providers .button { width: 100%; justify-content: center; text-align: center; }
        .or { display: flex; align-items: center; gap: .75rem; color: var(--quiet); margin: 0; }
        .or::before, .or::after { content: ""; flex: 1; border-top: 1px solid var(--line); }
        .login h1 + .notice { margin-top: .7rem; }
        /* The server is away. */
        .live.bad[aria-pressed] { color: var(--bad); }

        /* The reference of the API */
        .reference > p, .reference .operation-body > p, .reference dd p { max-width: 80ch; }
        .reference-find { display: flex; flex-wrap: wrap; gap: .3rem .7rem; align-items: center; margin: 1rem 0; } .reference-find input { flex: 0 1 22rem; }
        .routes li { align-items: baseline; } .routes li > a { min-width: min(100%, 30rem); text-decoration: none; } .routes li > a:hover { text-decoration: underline; } .routes .mark-text { margin-left: auto; }
        .method { display: inline-block; min-width: 4.2rem; font-weight: 650; color: var(--text); }
        .columns { columns: 14rem; list-style: none; padding: 0; margin: .4rem 0; } .columns a { display: inline-block; padding: .15rem 0; }
        .operation { background: var(--surface); border: 1px solid var(--line); border-radius: 10px; margin: .5rem 0; }
        .operation > summary { display: flex; flex-wrap: wrap; align-items: baseline; gap: .2rem .9rem; padding: .55rem .9rem; } .operation > summary h2 { margin: 0; font-weight: 500; } .operation > summary .mark-text { margin-left: auto; }
        .operation-body { padding: 0 .9rem .9rem; border-top: 1px solid var(--line); scroll-margin-top: 8rem; } .operation-body h3 { margin: 1rem 0 .3rem; }
        .members th, .members td { overflow-wrap: anywhere; } .members th { white-space: nowrap; } .members td:last-child { min-width: 14rem; }
        .answers { display: grid; grid-template-columns: auto minmax(0, 1fr); gap: .5rem 1rem; margin: .3rem 0; } .answers dd { margin: 0; } .answers dd p { margin: 0 0 .2rem; } .answers dt { font-weight: 650; }
        .reference code { overflow-wrap: anywhere; }

        /* Lists of runs: views, columns, progress; and the charts of Now. */
        .views { display: flex; flex-wrap: wrap; gap: .3rem .8rem; align-items: center; margin-bottom: .5rem; }
        .views ul { display: flex; flex-wrap: wrap; gap: .3rem; list-style: none; margin: 0; padding: 0; }
        .views li { display: inline-flex; align-items: center; }
        .views a { display: inline-block; padding: .15rem .7rem; border: 1px solid var(--line); border-radius: 99px; color: var(--quiet); text-decoration: none; background: var(--surface); }
        .views a:hover { color: var(--text); border-color: var(--line-strong); } .views a[aria-current] { color: var(--text); border-color: var(--accent); font-weight: 600; }
        .views .quiet-button { min-height: 1.75rem; padding: .1rem .4rem; }
        .save-view { display: inline-flex; gap: .2rem; } .save-view input:not([type="checkbox"]) { min-height: 1.75rem; padding: .1rem .55rem; width: 11rem; }
        .columns { display: flex; flex-wrap: wrap; gap: .1rem 1.1rem; margin: 0; } #columns[open] { flex-basis: 100%; order: 4; }
        .charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 19rem), 1fr)); gap: .7rem; margin-bottom: .5rem; }
        .chart { background: var(--surface); border: 1px solid var(--line); border-radius: 10px; padding: .7rem .9rem; min-width: 0; }
        .chart h3 { color: var(--quiet); font-size: .82rem; font-weight: 400; } .chart .figure { font-size: 1.3rem; font-weight: 620; letter-spacing: -.01em; }
        .bars { display: block; width: 100%; height: 4rem; } .bars .base, .progress .base { stroke: var(--line-strong); stroke-width: 1; fill: none; vector-effect: non-scaling-stroke; }
        .bars .busy { fill: var(--busy); } .bars .good { fill: var(--good); } .bars .undo { fill: var(--undo); } .bars .quiet { fill: var(--line-strong); } .bars .bad { fill: var(--bad); }
        .bars .under-way { opacity: .5; }
        .axis { display: flex; justify-content: space-between; color: var(--quiet); font-size: .82rem; }
        .kind { margin: .9rem 0 .4rem; font-weight: 600; } .kind .quiet { font-weight: 400; margin-left: .3rem; }
        .progress { display: block; width: min(100%, 40rem); height: .5rem; margin: .6rem 0; } .progress .there { stroke: var(--accent); stroke-width: 4; fill: none; }
        @media (max-width: 40rem) { .cards { grid-template-columns: repeat(2, 1fr); } .card { padding: .5rem .7rem; } }

        /* Workflows: figures, what is between two versions, and the form that starts a run. */
        .figures a { color: inherit; white-space: nowrap; } .figures a.good { color: var(--good); } .figures a.undo { color: var(--undo); } .figures a.bad { color: var(--bad); }
        .figures-table { margin-top: 0; } .figures-table tbody th { white-space: nowrap; } .figures-table td { white-space: nowrap; font-variant-numeric: tabular-nums; }
        .figures-table td .icon { color: var(--bad); margin-right: .25rem; }
        .owner { color: var(--quiet); } .cards.small { grid-template-columns: repeat(auto-fill, minmax(min(100%, 9rem), 1fr)); } .cards.small .card:last-child:has(.times) { grid-column: span 2; }
        .cards + .scroll { margin-top: .8rem; }
        .actions > a.button { align-self: flex-start; }
        .action-body fieldset .check { align-items: baseline; } input[type="radio"] { accent-color: var(--accent); margin: 0; flex: none; min-height: 0; width: 1.05rem; height: 1.05rem; padding: 0; }
        .first { text-align: left; } .first > p { text-align: center; } .first .copied { max-width: 52rem; } .first pre { padding-right: 6rem; }
        .steps-to-do { max-width: 52rem; margin: .6rem auto; padding-left: 1.4rem; } .steps-to-do li { margin: .8rem 0; } .steps-to-do li::marker { font-weight: 650; color: var(--text); }

        .diff { font-family: var(--mono); font-size: .88rem; } .diff td, .diff th { border-top: 0; padding: .05rem .6rem; } .diff thead th { padding-block: .4rem; font-family: var(--sans); }
        .diff .line-number { color: var(--quiet); text-align: right; width: 1%; user-select: none; font-variant-numeric: tabular-nums; } .diff thead th:nth-child(-n+2) { text-align: right; }
        .diff .sign { width: 1%; font-weight: 700; user-select: none; } .diff .code { white-space: pre-wrap; overflow-wrap: anywhere; unicode-bidi: plaintext; }
        .diff .added { background: var(--good-soft); } .diff .added .sign { color: var(--good); } .diff .added .line-number { color: var(--text); }
        .diff .removed { background: var(--bad-soft); } .diff .removed .sign { color: var(--bad); } .diff .removed .line-number { color: var(--text); }
        .diff .fold td { color: var(--quiet); background: var(--sunken); text-align: center; padding-block: .25rem; font-family: var(--sans); }

        .start { display: grid; gap: .35rem; max-width: 60rem; background: var(--surface); border: 1px solid var(--line); border-radius: 12px; padding: 1.1rem 1.2rem; }
        .start p { margin: 0; } .start-field { margin-top: .5rem; display: grid; gap: .2rem; } .start-field input { max-width: 30rem; } .start .more { margin-top: .5rem; } .start .more > summary { color: var(--quiet); }
        .start .more label { display: inline-block; margin-top: .4rem; } .start .buttons { margin-top: .8rem; }
        .start [aria-invalid="true"], .filters [aria-invalid="true"] { border-color: var(--bad); border-width: 2px; }
        .faults { list-style: none; margin: .1rem 0 .4rem; padding: 0; } .faults li { display: flex; gap: .4rem; align-items: baseline; } .faults .icon { color: var(--bad); align-self: center; } .faults code { color: var(--bad); }
        .notice ul { margin: .3rem 0 0; padding-left: 1.1rem; color: var(--text); }
        @media (forced-colors: active) { .diff .added, .diff .removed { border-left: 3px solid; } }

        """##
    static let script = ##"""
        // Makes the console's pages live: every one of them works without this.
        // No framework and no markup from texts: what comes in is parsed by the browser into a document of its own, scripts in it never run.

        const $ = (selector, root = document) => root.querySelector(selector);
        const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];

        // Times: the reader's own, with UTC for the pointer; relative ones are kept true.
        const full = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
        const clock = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" });
        const ago = new Intl.RelativeTimeFormat(undefined, { numeric: "auto" });

        function away(ms) {
          const s = Math.round(ms / 1000), a = Math.abs(s);
          if (a < 60) return ago.format(s, "second");
          if (a < 3600) return ago.format(Math.round(s / 60), "minute");
          if (a < 86400) return ago.format(Math.round(s / 3600), "hour");
          return ago.format(Math.round(s / 86400), "day");
        }

        function showTimes(root = document) {
          const now = Date.now();
          for (const time of $$("time[data-time]", root)) {
            const at = new Date(time.dateTime);
            if (Number.isNaN(at.getTime())) continue;
            if (!time.title) time.title = time.textContent;
            const isToday = at.toDateString() === new Date(now).toDateString();
            const text = (isToday ? clock : full).format(at) + (time.dataset.time === "relative" ? ` (${away(at - now)})` : "");
            if (time.textContent !== text) time.textContent = text;
          }
        }

        // Copying
        document.addEventListener("click", async (event) => {
          const button = event.target.closest("[data-copy]");
          if (!button) return;
          await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
          const label = button.lastChild, before = label.textContent;
          label.textContent = "Copied";
          setTimeout(() => { label.textContent = before; }, 1500);
        });

        function prepare(root = document) {
          for (const button of $$("[data-copy]", root)) button.hidden = !navigator.clipboard;
          for (const svg of $$("svg.graph", root)) addZoom(svg);
          showTimes(root);
        }

        // The graph: as large as somebody wants it, moved by dragging, and, where that is wanted, with what is at work in view.
        let zoom = 1, follows = false;
        function addZoom(svg) {
          const frame = svg.parentElement, [, , width, height] = svg.getAttribute("viewBox").split(" ").map(Number);
          const show = () => { svg.setAttribute("width", width * zoom); svg.setAttribute("height", height * zoom); };
          const tools = document.createElement("p");
          tools.className = "tools";
          const add = (label, name, act) => {
            const tool = document.createElement("button");
            tool.type = "button";
            tool.className = "quiet-button";
            tool.textContent = label;
            tool.setAttribute("aria-label", `${name}: graph`);
            tool.addEventListener("click", act);
            tools.append(tool);
            return tool;
          };
          const fit = () => Math.max(0.2, Math.min(2, (frame.clientWidth - 26) / width));
          if (svg.dataset.graph === "run") {
            const tool = add("Follow", "Keep what is at work in view", () => {
              follows = !follows;
              tool.setAttribute("aria-pressed", String(follows));
              if (follows) showWork(svg);
            });
            tool.setAttribute("aria-pressed", String(follows));
          }
          for (const [label, name, next] of [["−", "Smaller", () => Math.max(0.2, zoom / 1.25)], ["+", "Larger", () => Math.min(4, zoom * 1.25)], ["Fit", "As wide as the page", fit], ["1:1", "Its own size", () => 1]]) {
            add(label, name, () => { zoom = next(); show(); if (follows) showWork(svg); });
          }
          frame.before(tools);
          show();
          drag(frame);
          if (follows) showWork(svg);
        }

        // What goes on, or waits, or needs somebody, comes to the middle of the graph's frame.
        function showWork(svg) {
          const at = $$(".step, .undo-step", svg).find((step) => /\bs-(executing|accepted|undoing|person|stuck|retrying|waiting|due)\b/.test(step.getAttribute("class")));
          if (!at) return;
          const frame = svg.parentElement, box = at.getBoundingClientRect(), view = frame.getBoundingClientRect();
          frame.scrollLeft += (box.left + box.right - view.left - view.right) / 2;
          const isSeen = view.top < innerHeight && view.bottom > 0;
          if (isSeen && (box.top < 60 || box.bottom > innerHeight)) scrollBy(0, (box.top + box.bottom - innerHeight) / 2);
        }

        // With a mouse; fingers and keys scroll anyway.
        function drag(frame) {
          let from = null;
          frame.addEventListener("pointerdown", (event) => {
            if (event.pointerType !== "mouse" || event.button !== 0 || event.target.closest("a")) return;
            from = { x: event.clientX + frame.scrollLeft, y: event.clientY + scrollY, at: [event.clientX, event.clientY] };
          });
          frame.addEventListener("pointermove", (event) => {
            if (!from) return;
            // A click that trembles is one: it goes to what was clicked.
            if (from.at && Math.hypot(event.clientX - from.at[0], event.clientY - from.at[1]) < 4) return;
            if (from.at) { from.at = null; frame.setPointerCapture(event.pointerId); frame.classList.add("dragged"); }
            frame.scrollLeft = from.x - event.clientX;
            scrollTo(scrollX, from.y - event.clientY);
          });
          for (const end of ["pointerup", "pointercancel"]) frame.addEventListener(end, () => { from = null; frame.classList.remove("dragged"); });
        }

        // The timeline: which moment is under the pointer.
        document.addEventListener("pointermove", (event) => {
          const svg = event.target.closest?.("svg.timeline");
          for (const old of $$(".moment")) if (old.parentElement !== svg) old.remove();
          if (!svg) return;
          const box = svg.getBoundingClientRect(), x = (event.clientX - box.left) * svg.viewBox.baseVal.width / box.width;
          const ends = svg.dataset.axis.split(" ").map((end) => end.split(":").map(Number));
          const at = ends.findIndex(([left], place) => place > 0 && x <= left);
          if (at < 1 || x < ends[0][0]) return;
          const [[x0, t0], [x1, t1]] = [ends[at - 1], ends[at]];
          const moment = new Date((t0 + (x1 > x0 ? (x - x0) / (x1 - x0) : 0) * (t1 - t0)) / 1000);
          let mark = $(".moment", svg);
          if (!mark) {
            mark = document.createElementNS(svg.namespaceURI, "g");
            mark.setAttribute("class", "moment");
            mark.append(document.createElementNS(svg.namespaceURI, "path"), document.createElementNS(svg.namespaceURI, "text"));
            svg.append(mark);
          }
          mark.firstChild.setAttribute("d", `M${x} ${svg.dataset.top}V${svg.dataset.bottom}`);
          mark.lastChild.setAttribute("x", x + (at > ends.length / 2 ? -6 : 6));
          mark.lastChild.setAttribute("text-anchor", at > ends.length / 2 ? "end" : "start");
          mark.lastChild.setAttribute("y", Number(svg.dataset.bottom) - 3);
          mark.lastChild.textContent = clock.format(moment) + "." + String(moment.getMilliseconds()).padStart(3, "0");
        });

        // One open form of an action at a time; Escape closes it.
        document.addEventListener("toggle", (event) => {
          const opened = event.target;
          if (!opened.matches?.("details.action, details.menu")) return;
          // What was kept as it stood meanwhile is looked at now.
          if (!opened.open) { if (!tag && mayLive()) renew(); return; }
          for (const other of $$("details.action[open], details.menu[open]")) if (other !== opened) other.open = false;
          $("input:not([type=hidden]), textarea, select", opened)?.focus();
        }, true);
        document.addEventListener("click", (event) => {
          for (const open of $$("details.action[open], details.menu[open]")) if (!open.contains(event.target)) open.open = false;
        });

        // Selecting rows
        const boxes = () => $$('input[name="runId"]');
        const isChoosing = () => boxes().some((box) => box.checked);
        function countChosen() {
          const all = $("[data-all]"), chosen = $("#chosen");
          if (!all || !chosen) return;
          const some = boxes(), count = some.filter((box) => box.checked).length;
          all.hidden = some.length === 0;
          all.checked = count > 0 && count === some.length;
          all.indeterminate = count > 0 && count < some.length;
          chosen.textContent = count ? `${count} selected` : "Select runs, or take all that match";
        }
        document.addEventListener("change", (event) => {
          if (event.target.matches("[data-all]")) for (const box of boxes()) box.checked = event.target.checked;
          if (event.target.matches('[data-all], input[name="runId"]')) countChosen();
        });

        // Live: parts of the page are fetched again and exchanged where they differ.
        const button = $("#live");
        const { stream, every } = document.body.dataset;
        let tag = null, source = null, timer = null, isFetching = false, isAsked = false;

        const wantsLive = () => localStorage.getItem("sagaflow-live") !== "off";
        const mayLive = () => wantsLive() && !document.hidden && !isChoosing();

        // Somebody is at work there: it stays as it is.
        function isBusy(region) {
          const at = document.activeElement;
          if ($("details.action[open]", region)) return true;
          const chosen = getSelection();
          if (chosen && !chosen.isCollapsed && region.contains(chosen.anchorNode)) return true;
          return region.contains(at) && at.matches("input, textarea, select");
        }

        function load(url) {
          return new Promise((resolve, reject) => {
            const request = new XMLHttpRequest();
            request.open("GET", url);
            request.responseType = "document";
            if (tag) request.setRequestHeader("If-None-Match", tag);
            request.onload = () => resolve(request);
            request.onerror = reject;
            request.ontimeout = reject;
            request.timeout = 15000;
            request.send();
          });
        }

        let lookedAt = 0;
        async function renew() {
          if (isFetching) { isAsked = true; return; }
          isFetching = true;
          lookedAt = Date.now();
          try {
            const answer = await load(location.href);
            // Neither a proxy that answers for it nor a server without its database says how things stand.
            if (answer.status >= 500 || answer.status === 429) { setLost(true); return; }
            setLost(false);
            if (answer.status === 304) return;
            const page = answer.response;
            if (answer.status !== 200 || !page) { if (answer.status === 401) location.reload(); return; }
            if (!$("[data-live]", page)) { location.reload(); return; }
            // What was left out because somebody is at work there comes with the next look.
            tag = exchange(page) ? answer.getResponseHeader("ETag") : null;
          } catch { setLost(true); } finally {
            isFetching = false;
            if (isAsked) { isAsked = false; setTimeout(renew, 1000); }
          }
        }

        const original = new Map();

        // Says whether all of it is shown now.
        function exchange(page) {
          let isWhole = true;
          for (const region of $$("[data-live]")) {
            const fresh = page.getElementById(region.id);
            if (!fresh) continue;
            const markup = fresh.innerHTML;
            if (original.get(region.id) === markup) continue;
            if (isBusy(region)) { isWhole = false; continue; }
            if (region.hasAttribute("data-rows") && holdNewRows(region, fresh)) continue;
            put(region, fresh, markup);
          }
          return isWhole;
        }

        function put(region, fresh, markup) {
          original.set(region.id, markup);
          const open = new Set($$("details[open][id]", region).map((each) => each.id));
          const focused = region.contains(document.activeElement) ? pathTo(document.activeElement, region) : null;
          const scrolled = $$(".scroll, .picture", region).map((each) => each.scrollLeft);
          const parts = [...fresh.childNodes].map((node) => document.adoptNode(node));
          region.replaceChildren(...parts);
          for (const each of $$("details[id]", region)) if (open.has(each.id)) each.open = true;
          prepare(region);
          $$(".scroll, .picture", region).forEach((each, place) => { each.scrollLeft = scrolled[place] ?? 0; });
          if (follows) for (const svg of $$("svg.graph", region)) showWork(svg);
          countChosen();
          if (focused) focused(region)?.focus({ preventScroll: true });
          tellState();
        }

        // A run that stands otherwise is told of to whoever does not see it.
        const state = () => $("#run-head .title")?.textContent.trim().replace(/\s+/g, " ") ?? "";
        let told = state();
        function tellState() {
          if (state() === told) return;
          told = state();
          $("#said").textContent = told;
        }

        // How to find an element again once its region was exchanged.
        function pathTo(element, region) {
          if (element.id) return (root) => document.getElementById(element.id) ?? root;
          if (element.matches("a[href]")) return (root) => $$("a[href]", root).find((a) => a.getAttribute("href") === element.getAttribute("href"));
          if (element.matches("summary")) { const id = element.parentElement.id; return () => $("summary", document.getElementById(id) ?? region); }
          const place = $$("*", region).filter((each) => each.tabIndex >= 0).indexOf(element);
          return (root) => $$("*", root).filter((each) => each.tabIndex >= 0)[place];
        }

        // Rows that are new are told of, and come when they are asked for: nothing jumps under the pointer.
        function holdNewRows(region, fresh) {
          const known = new Set($$("[data-key]", region).map((row) => row.dataset.key));
          if (known.size === 0) return false;
          const rows = $$("[data-key]", fresh), added = rows.filter((row) => !known.has(row.dataset.key));
          for (const row of rows) {
            const old = $(`[data-key="${CSS.escape(row.dataset.key)}"]`, region);
            if (old && original.get(row.dataset.key) !== row.innerHTML && !old.contains(document.activeElement)) {
              original.set(row.dataset.key, row.innerHTML);
              const copy = document.importNode(row, true);
              old.replaceChildren(...copy.childNodes);
              prepare(old);
            }
          }
          // Rows that are there no more go when nothing else moves.
          if (added.length === 0) return rows.length === known.size;
          let bar = $("#fresh");
          if (!bar) {
            bar = document.createElement("p");
            bar.id = "fresh";
            bar.className = "fresh";
            bar.setAttribute("role", "status");
            const show = document.createElement("button");
            show.type = "button";
            show.className = "button";
            show.addEventListener("click", () => location.reload());
            bar.append(show);
            region.before(bar);
          }
          bar.firstChild.textContent = `${added.length} new: show`;
          return true;
        }

        // The server is away: what the page shows stays, it is said since when, and asked again until it answers.
        let isLost = false, again = null, asOf = Date.now();
        function setLost(lost) {
          if (!button) return;
          clearTimeout(again);
          if (!lost) asOf = Date.now();
          if (lost) again = setTimeout(() => { if (mayLive()) renew(); }, 3000);
          if (lost === isLost) return;
          isLost = lost;
          button.lastElementChild.textContent = lost ? "Offline, trying again" : "Live";
          button.classList.toggle("bad", lost);
          $("#lost")?.remove();
          if (lost) {
            const said = document.createElement("div"), text = document.createElement("p");
            said.id = "lost";
            said.className = "notice bad";
            said.setAttribute("role", "status");
            text.textContent = `The server does not answer. What stands here is as of ${clock.format(asOf)}, and is kept up again as soon as it does.`;
            said.append(text);
            $("#notice").after(said);
          } else if (stream && !source) listen();
        }

        function stop() {
          source?.close();
          source = null;
          clearInterval(timer);
          timer = null;
        }

        function listen() {
          stop();
          if (button) button.setAttribute("aria-pressed", String(wantsLive()));
          if (!mayLive()) return;
          if (stream) {
            let soon = null;
            // At most one look a second, however much happens; and at least one, however often.
            const hint = () => { soon ??= setTimeout(() => { soon = null; renew(); }, Math.max(250, 1000 - (Date.now() - lookedAt))); };
            source = new EventSource(stream);
            // Each kind of event has a name of its own; all are one hint.
            for (const kind of eventKinds) source.addEventListener(kind, hint);
            source.onmessage = hint;
            source.onopen = hint;
            // It tries again by itself, unless it was refused: then the page is asked now and then. Whether the server is there, the page knows.
            source.onerror = () => {
              hint();
              if (source?.readyState === EventSource.CLOSED) { stop(); timer = setInterval(tick, 10000); }
            };
          } else if (every) {
            timer = setInterval(tick, Number(every) * 1000);
          }
        }
        const tick = () => { if (mayLive()) renew(); };
        const eventKinds = ["run_started", "attempt_started", "attempt_succeeded", "attempt_failed", "attempt_accepted", "attempt_looked", "callback_received", "attempt_heartbeat", "step_skipped", "wait_started", "await_started", "signal_received", "signal_taken", "elements_started", "elements_ended", "parent_linked", "child_started", "child_cancel_requested", "child_ended", "child_undo_requested", "child_undo_failed", "end_calls_started", "step_succeeded", "step_failed", "step_undoing", "step_abandoned", "cancel_requested", "cancel_refused", "deadline_exceeded", "run_compensating", "run_completed", "run_compensated", "run_cancelled", "run_failed", "retry_requested", "step_resolved", "step_settled", "run_delayed", "run_paused", "run_resumed", "undo_requested", "deadline_missed", "run_quarantined", "restarted_from", "step_kept", "restarted_as"];

        if (stream || every) {
          button.hidden = false;
          button.addEventListener("click", () => {
            localStorage.setItem("sagaflow-live", wantsLive() ? "off" : "on");
            listen();
            if (wantsLive()) renew();
          });
          document.addEventListener("visibilitychange", () => { listen(); if (mayLive()) renew(); });
          for (const region of $$("[data-live]")) original.set(region.id, region.innerHTML);
          listen();
        }

        // A form was sent: what was said of it is not said again when the page is loaded again.
        const address = new URL(location.href), did = address.searchParams.get("did");
        if (did !== null) {
          for (const name of ["did", "done", "not"]) address.searchParams.delete(name);
          history.replaceState(null, "", address);
        }

        // Keys; whoever speaks to their machine, or touches keys by mistake, may switch them off.
        const keysOn = () => localStorage.getItem("sagaflow-keys") !== "off";
        if ($(".foot")) {
          $(".foot").hidden = false;
          $("#keys-open").addEventListener("click", () => $("#keys").showModal());
          $("#keys-on").checked = keysOn();
          $("#keys-on").addEventListener("change", (event) => localStorage.setItem("sagaflow-keys", event.target.checked ? "on" : "off"));
        }

        function rows() { return $$("tbody tr[data-key], .group[data-key]"); }
        function move(step) {
          const all = rows();
          if (all.length === 0) return;
          const focused = all.findIndex((row) => row.contains(document.activeElement));
          const here = focused >= 0 ? focused : all.findIndex((row) => row.classList.contains("here"));
          const next = all[Math.min(all.length - 1, Math.max(0, here < 0 ? 0 : here + step))];
          for (const row of all) row.classList.toggle("here", row === next);
          $("a", next)?.focus();
          next.scrollIntoView({ block: "nearest" });
        }
        document.addEventListener("keydown", (event) => {
          if (event.key === "Escape") {
            const open = $("details.action[open], details.menu[open]");
            if (open) { open.open = false; $("summary", open).focus(); }
            return;
          }
          if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, textarea, select, dialog")) return;
          if (!keysOn()) return;
          switch (event.key) {
            case "/": event.preventDefault(); $("#find")?.focus(); break;
            case "j": move(1); break;
            case "k": move(-1); break;
            case "r": if (stream || every) renew(); else location.reload(); break;
            case "?": $("#keys")?.showModal(); break;
          }
        });

        prepare();
        countChosen();
        setInterval(() => { if (!document.hidden) showTimes(); }, 1000);

        // The editor of definitions: what the text would be is asked a moment after it was changed.
        const editor = $("#editor");
        if (editor) startEditor(editor, $("#definition"));

        function startEditor(form, text) {
          const parts = ["check-says", "check-findings", "check-graph", "check-will"], height = 20;
          const loaded = text.defaultValue, draftKey = `sagaflow-draft ${location.pathname}`;
          let request = null, timer = null, askedAt = 0, changedAt = 0, asked = null, isSending = false, mayLeave = false, lines = [];

          // Line numbers: those that can be seen.
          const gutter = $("#gutter");
          gutter.hidden = false;
          form.classList.add("numbered");
          $("#definition-keys").hidden = false;
          const count = () => { lines = text.value.split("\n"); number(); };
          function number() {
            const first = Math.floor(text.scrollTop / height), tones = new Map($$("[data-line]", form).map((a) => [Number(a.dataset.line), a.dataset.tone]));
            const seen = [];
            for (let line = first + 1; line <= Math.min(lines.length, first + Math.ceil(text.clientHeight / height) + 1); line++) {
              const mark = document.createElement("span");
              mark.textContent = line;
              mark.className = tones.get(line) ?? "";
              seen.push(mark);
            }
            gutter.replaceChildren(...seen);
            gutter.style.transform = `translateY(${first * height - text.scrollTop}px)`;
          }
          text.addEventListener("scroll", number);
          new ResizeObserver(number).observe(text);

          function go(line, column) {
            let start = 0;
            for (let n = 1; n < line && n < lines.length; n++) start += lines[n - 1].length + 1;
            const all = lines[line - 1] ?? "", before = [...all].slice(0, column - 1).join("").length;
            text.focus();
            text.setSelectionRange(start + before, start + all.length);
            text.scrollTop = Math.max(0, (line - 5) * height);
            text.scrollIntoView({ block: "nearest" });
          }
          form.addEventListener("click", (event) => {
            const link = event.target.closest("[data-line]"), step = event.target.closest("svg [data-step]");
            if (link) { event.preventDefault(); go(Number(link.dataset.line), Number(link.dataset.column)); }
            const places = step && new Map($("#check-graph").dataset.steps?.split(" ").map((each) => each.split(":")));
            if (places?.has(step.dataset.step)) go(Number(places.get(step.dataset.step)), 1);
            if (event.target.closest('button[value="check"]')) { event.preventDefault(); asked = null; check(); }
          });

          // Asking: once nothing is typed for a moment, at most once a second, also while somebody goes on and on; the newest text wins.
          function soon() {
            const now = Date.now();
            changedAt ||= now;
            clearTimeout(timer);
            timer = setTimeout(check, Math.max(askedAt + 1000 - now, Math.min(350, changedAt + 1000 - now)));
          }
          function check() {
            changedAt = 0;
            const body = new URLSearchParams(new FormData(form)).toString();
            keep();
            if (body === asked) return;
            request?.abort();
            [asked, askedAt, request] = [body, Date.now(), new XMLHttpRequest()];
            request.open("POST", form.dataset.check);
            request.setRequestHeader("Content-Type", "application/x-www-form-urlencoded");
            request.responseType = "document";
            request.timeout = 15000;
            request.onload = (event) => show(event.target);
            request.onerror = request.ontimeout = () => fail("It could not be checked: the server does not answer.");
            request.send(body);
          }
          function fail(words) {
            asked = null;
            const said = document.createElement("p");
            said.className = "state bad";
            said.textContent = words;
            $("#check-says").replaceChildren(said);
            clearTimeout(timer);
            timer = setTimeout(check, 5000);
          }
          function show(answer) {
            const page = answer.response;
            if (!page?.getElementById("check-says")) {
              const isOut = answer.responseURL.includes("/login");
              return fail(isOut ? "You are logged out. Log in in another tab: the text stays here." : page?.querySelector(".sentence")?.textContent ?? "It could not be checked.");
            }
            for (const id of parts) {
              const old = document.getElementById(id), fresh = page.getElementById(id);
              if (id === "check-graph") {
                const keeps = !$("svg", fresh) && $("svg", old);
                old.classList.toggle("stale", Boolean(keeps));
                $("#check-old").hidden = !keeps;
                if (keeps) continue;
                old.dataset.steps = fresh.dataset.steps ?? "";
              }
              if (original.get(id) === fresh.innerHTML) continue;
              const open = $("details", old)?.open, scroll = $(".picture", old)?.scrollLeft ?? 0;
              original.set(id, fresh.innerHTML);
              old.replaceChildren(...[...fresh.childNodes].map((node) => document.adoptNode(node)));
              if (open) $("details", old).open = true;
              prepare(old);
              if ($(".picture", old)) $(".picture", old).scrollLeft = scroll;
            }
            number();
          }

          // Typing: Tab indents, unless Escape came before it.
          function put(from, to, words) {
            text.setSelectionRange(from, to);
            // The only way to write that the browser's undo knows of.
            if (!document.execCommand("insertText", false, words)) { text.setRangeText(words, from, to, "end"); changed(); }
          }
          text.addEventListener("keydown", (event) => {
            const { selectionStart: from, selectionEnd: to, value } = text, start = value.lastIndexOf("\n", from - 1) + 1;
            const plain = !event.ctrlKey && !event.metaKey && !event.altKey;
            if (event.key === "Tab" && plain && !mayLeave) {
              event.preventDefault();
              if (from === to && !event.shiftKey) return put(from, to, " ".repeat(2 - (from - start) % 2));
              const block = value.slice(start, to), moved = event.shiftKey ? block.replace(/^ {1,2}/gm, "") : block.replace(/^(?=.)/gm, "  ");
              if (moved === block) return;
              put(start, to, moved);
              if (from === to) text.setSelectionRange(Math.max(start, to + moved.length - block.length), Math.max(start, to + moved.length - block.length));
              else text.setSelectionRange(start, start + moved.length);
            } else if (event.key === "Enter" && plain && !event.shiftKey && !event.isComposing) {
              const line = value.slice(start, from), indent = line.match(/^ */)[0] + (/[[{:]\s*$/.test(line) ? "  " : "");
              event.preventDefault();
              put(from, to, `\n${indent}`);
            }
            mayLeave = event.key === "Escape" || (mayLeave && event.key === "Shift");
          });

          // What is written stays until it is registered: in this tab, and nowhere else.
          const isChanged = () => text.value !== loaded || "unsaved" in text.dataset;
          function keep() {
            try {
              if (isChanged()) sessionStorage.setItem(draftKey, text.value); else sessionStorage.removeItem(draftKey);
            } catch { /* There is no room for it. */ }
          }
          function changed() { count(); soon(); }
          text.addEventListener("input", changed);
          for (const field of $$('[name="compare"], [name="tenant"]', form)) field.addEventListener("change", soon);
          form.addEventListener("submit", () => { isSending = true; keep(); });
          addEventListener("pagehide", keep);
          addEventListener("beforeunload", (event) => { if (isChanged() && !isSending) event.preventDefault(); });

          const draft = sessionStorage.getItem(draftKey);
          if (draft !== null && draft !== text.value && !("unsaved" in text.dataset)) {
            text.value = draft;
            const note = document.createElement("p"), undo = document.createElement("button");
            note.className = "notice good";
            note.textContent = "This is what you wrote here before. ";
            undo.type = "button";
            undo.className = "button";
            undo.textContent = "Begin anew";
            undo.addEventListener("click", () => { text.value = loaded; note.remove(); text.focus(); changed(); });
            note.append(undo);
            $("#notice").append(note);
            soon();
          }
          for (const id of parts) original.set(id, document.getElementById(id).innerHTML);
          const svg = $("#check-graph svg"), room = svg?.parentElement.clientWidth ?? 0;
          if (room > 500 && svg.clientWidth > room) $('#check-graph .tools [aria-label^="As wide"]').click();
          count();
        }

        // What is registered, or left with its reader, is no draft any more.
        function forgetDrafts() {
          for (const key of Object.keys(sessionStorage)) if (key.startsWith("sagaflow-draft ")) sessionStorage.removeItem(key);
        }
        if (did === "registered") forgetDrafts();
        document.addEventListener("submit", (event) => { if (event.target.getAttribute("action")?.endsWith("/logout")) forgetDrafts(); });

        // The reference: finds routes by their words, and unfolds the one that an address names.
        const finder = $("#reference-find");
        if (finder) {
          finder.hidden = false;
          const all = $$("[data-words]").map((row) => [row, row.textContent.toLowerCase()]);
          $("#reference-words").addEventListener("input", (event) => {
            const words = event.target.value.toLowerCase().split(/\s+/);
            let found = 0;
            for (const [row, text] of all) {
              row.hidden = !words.every((word) => text.includes(word));
              if (!row.hidden) found++;
            }
            for (const section of $$("[data-section]")) section.hidden = !$("[data-words]:not([hidden])", section);
            $("#reference-found").textContent = found === 1 ? "1 route" : `${found} routes`;
          });
        }
        function unfold() {
          const folded = document.getElementById(decodeURIComponent(location.hash.slice(1)))?.closest("details.operation");
          if (folded && !folded.open) { folded.open = true; folded.scrollIntoView(); }
        }
        addEventListener("hashchange", unfold);
        unfold();

        // Views: filters that somebody keeps, under a name, in this browser.
        const ownViews = $("#views");
        if (ownViews) {
          const form = $("#save-view"), name = $("#view-name");
          const kept = () => { try { return JSON.parse(localStorage.getItem("sagaflow-views")) ?? []; } catch { return []; } };
          const keep = (views) => { localStorage.setItem("sagaflow-views", JSON.stringify(views)); showViews(); };
          // Where the list begins is not of the view.
          const here = () => { const query = new URLSearchParams(location.search); for (const each of ["cursor", "did", "done", "not"]) query.delete(each); return query.toString(); };
          function showViews() {
            for (const old of $$("[data-own]", ownViews)) old.remove();
            for (const view of kept()) {
              const item = document.createElement("li"), link = document.createElement("a"), drop = document.createElement("button");
              item.dataset.own = "";
              link.href = `${location.pathname}?${view.query}`;
              link.textContent = view.name;
              if (view.query === here()) link.setAttribute("aria-current", "true");
              drop.type = "button";
              drop.className = "quiet-button";
              drop.textContent = "×";
              drop.setAttribute("aria-label", `Forget the view ${view.name}`);
              drop.addEventListener("click", () => keep(kept().filter((each) => each.name !== view.name)));
              item.append(link, drop);
              ownViews.append(item);
            }
            form.hidden = here() === "";
          }
          form.addEventListener("submit", (event) => {
            event.preventDefault();
            const text = name.value.trim();
            if (!text) { name.focus(); return; }
            keep([...kept().filter((each) => each.name !== text), { name: text, query: here() }].slice(-20));
            name.value = "";
          });
          showViews();
        }

        // What is asked of many runs goes on by itself until somebody stops it.
        const goOn = $("[data-go-on]");
        if (goOn) {
          const stop = $("#stop");
          const next = setTimeout(() => goOn.requestSubmit(), 400);
          stop.hidden = false;
          stop.addEventListener("click", () => { clearTimeout(next); stop.hidden = true; });
        }

        """##
    static let icon = ##"""
        <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"><rect width="24" height="24" rx="6" fill="#14213d"/><path d="M4 8h11" stroke="#8fd3c1" stroke-width="2" fill="none" stroke-linecap="round"/><path d="M20 16H9" stroke="#f2b56b" stroke-width="2" fill="none" stroke-linecap="round"/><circle cx="18" cy="8" r="2.4" fill="#8fd3c1"/><circle cx="6" cy="16" r="2.4" fill="#f2b56b"/></svg>

        """##
}
