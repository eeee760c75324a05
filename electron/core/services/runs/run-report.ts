import type { Evidence, RunView, StepView, Warning } from '#shared/model/run';
import type { ErrorShape } from '#shared/model/errors';

export interface RunReport {
  fileName: string;
  mediaType: string;
  text: string;
}

/** A run as a file to keep: JSON for programs, or one self-contained page that loads nothing and runs no script. */
export function runReport(view: RunView, format: 'html' | 'json'): RunReport {
  switch (format) {
    case 'json':
      return {
        fileName: `cutover-run-${view.id}.json`,
        mediaType: 'application/json',
        text: `${JSON.stringify(view, null, 2)}\n`,
      };
    case 'html':
      return { fileName: `cutover-run-${view.id}.html`, mediaType: 'text/html', text: page(view) };
  }
}

/** Markup that is safe to put into a page as it is. */
interface Markup {
  readonly markup: string;
}

/** A template whose values are escaped unless they are markup themselves. */
function html(strings: TemplateStringsArray, ...values: (string | number | Markup | Markup[])[]): Markup {
  const markup = strings.reduce((text, part, index) => text + toMarkup(values[index - 1] ?? '') + part);
  return { markup };
}

function toMarkup(value: string | number | Markup | Markup[]): string {
  if (Array.isArray(value)) return value.map((item) => item.markup).join('');
  return typeof value === 'object' ? value.markup : escapeText(String(value));
}

const escapes: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escapeText(text: string): string {
  return text.replace(/[&<>"']/g, (character) => escapes[character] ?? '');
}

const style: Markup = {
  markup: `:root{color-scheme:light dark;font:13px/1.5 system-ui,sans-serif}
body{max-width:70rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.5rem}h2{font-size:1.15rem;margin-top:2rem}h3{font-size:1rem;margin:1.25rem 0 .25rem}
code,pre{font-family:ui-monospace,monospace;font-size:.95em}pre{white-space:pre-wrap;overflow-wrap:anywhere}
table{border-collapse:collapse;width:100%;margin:.5rem 0}
th,td{text-align:left;vertical-align:top;padding:.25rem .6rem .25rem 0;border-bottom:1px solid #8884;overflow-wrap:anywhere}
.bad{color:#c92a2a;font-weight:600}@media(prefers-color-scheme:dark){.bad{color:#ff8787}}`,
};

const stateTexts: Record<RunView['state'], string> = {
  planned: 'Planned',
  running: 'Running',
  paused: 'Paused',
  cancelling: 'Stopping',
  cancelled: 'Cancelled',
  failed: 'Failed',
  interrupted: 'Interrupted',
  verifying: 'Verifying',
  succeeded: 'Succeeded, verified',
  'succeeded-with-warnings': 'Succeeded with warnings, verified',
};

function page(view: RunView): string {
  const evidence = view.steps.flatMap((step) => step.evidence);
  const equal = evidence.filter((item) => item.equal).length;
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width" />
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'" />
        <title>Run ${view.id}</title>
        <style>
          ${style}
        </style>
      </head>
      <body>
        <h1>Run <code>${view.id}</code></h1>
        <table>
          <tbody>
            <tr>
              <th scope="row">State</th>
              <td>${stateTexts[view.state]}</td>
            </tr>
            <tr>
              <th scope="row">Moves</th>
              <td>${view.only.join(', ')}</td>
            </tr>
            <tr>
              <th scope="row">Started</th>
              <td>${view.startedAt}</td>
            </tr>
            <tr>
              <th scope="row">Last event</th>
              <td>${view.at}</td>
            </tr>
            <tr>
              <th scope="row">Compared</th>
              <td>${equal} of ${evidence.length} equal</td>
            </tr>
            <tr>
              <th scope="row">Plan</th>
              <td><code>${view.planHash}</code></td>
            </tr>
          </tbody>
        </table>
        ${failure(view.error)}
        <h2>Steps</h2>
        ${view.steps.map(stepSection)}
        <h2>Log</h2>
        ${logTable(view)}
      </body>
    </html> `.markup;
}

const nothing: Markup = { markup: '' };

function failure(error: ErrorShape | undefined): Markup {
  if (error === undefined) return nothing;
  return html`<p class="bad">${error.code}: ${error.message}</p>
    ${error.hint === undefined ? nothing : html`<p>${error.hint}</p>`} `;
}

function stepSection(step: StepView): Markup {
  const units = step.units.filter((unit) => unit.state === 'done').length;
  return html`<section>
    <h3>${step.title}</h3>
    <p>
      ${step.summary} State: ${step.state}. Effect:
      ${step.effect}.${step.units.length === 0 ? '' : ` ${units} of ${step.units.length} parts done.`}
    </p>
    ${failure(step.error)}${warningList([...step.warnings, ...step.runWarnings])}
    ${
      step.details.length === 0
        ? nothing
        : html`<details>
            <summary>Plan in detail</summary>
            <pre>${step.details.join('\n')}</pre>
          </details>`
    }
    ${evidenceTable(step.evidence)}
  </section> `;
}

function warningList(warnings: readonly Warning[]): Markup {
  if (warnings.length === 0) return nothing;
  return html`<ul>
    ${warnings.map(
      (warning) => html`<li><code>${warning.code}</code> ${warning.message} ${warning.hint ?? ''}</li> `,
    )}
  </ul>`;
}

function evidenceTable(evidence: readonly Evidence[]): Markup {
  if (evidence.length === 0) return nothing;
  return html`<table>
    <thead>
      <tr>
        <th>Compared</th>
        <th>How</th>
        <th>Source</th>
        <th>Target</th>
        <th>Result</th>
      </tr>
    </thead>
    <tbody>
      ${evidence.map(
        (item) =>
          html`<tr>
            <td>${item.subject}</td>
            <td>${item.method}</td>
            <td>${item.source}</td>
            <td>${item.target}</td>
            <td>${item.equal ? 'equal' : html`<span class="bad">differs</span>`} ${item.note ?? ''}</td>
          </tr> `,
      )}
    </tbody>
  </table>`;
}

function logTable(view: RunView): Markup {
  if (view.log.length === 0) return html`<p>The log is empty.</p>`;
  return html`<table>
    <thead>
      <tr>
        <th>Time</th>
        <th>Step</th>
        <th>Level</th>
        <th>Message</th>
      </tr>
    </thead>
    <tbody>
      ${view.log.map(
        (line) =>
          html`<tr>
            <td>${line.at}</td>
            <td>${line.step ?? ''}</td>
            <td>${line.level}</td>
            <td>${line.message}</td>
          </tr> `,
      )}
    </tbody>
  </table>`;
}
