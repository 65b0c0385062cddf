// Type-checks board JSON against Grafana's own schema. Arguments: board files. Prints a JSON list of problems.
const fs = require("fs");
const path = require("path");
const ts = require("typescript");

const OPTIONS = {
  alertlist: null, // not in the published schema: its options are checked by the fields Grafana reads
  bargauge: "bargauge/panelcfg/x/BarGaugePanelCfg_types.gen",
  gauge: "gauge/panelcfg/x/GaugePanelCfg_types.gen",
  heatmap: "heatmap/panelcfg/x/HeatmapPanelCfg_types.gen",
  stat: "stat/panelcfg/x/StatPanelCfg_types.gen",
  "state-timeline": "statetimeline/panelcfg/x/StateTimelinePanelCfg_types.gen",
  table: "table/panelcfg/x/TablePanelCfg_types.gen",
  text: "text/panelcfg/x/TextPanelCfg_types.gen",
  timeseries: "timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen",
};

// String enums are written as plain text in JSON; everything else keeps its shape.
const PLAIN = `
import type { Dashboard } from "@grafana/schema";
type Plain<T> = T extends string ? \`\${T}\`
  : T extends number | boolean | null | undefined ? T
  : T extends Array<infer U> ? Array<Plain<U>>
  : T extends object ? { [K in keyof T]: Plain<T[K]> } : T;
`;

function sourceFor(boards) {
  const imports = [];
  const checks = [];
  const name = (type) => "Options_" + type.replace(/[^a-z]/g, "_");
  for (const [type, file] of Object.entries(OPTIONS)) {
    if (file) imports.push(`import type { Options as ${name(type)} } from "@grafana/schema/dist/esm/raw/composable/${file}";`);
  }
  boards.forEach((board, b) => {
    checks.push(`export const board_${b}: Plain<Dashboard> = ${JSON.stringify(board, null, 1)};`);
    board.panels.forEach((panel, p) => {
      if (panel.type !== "row" && OPTIONS[panel.type] === undefined)
        throw new Error(`panel ${panel.id} of ${board.uid} has type ${panel.type}, which this check does not know`);
      if (OPTIONS[panel.type])
        checks.push(`export const board_${b}_panel_${p}: Plain<${name(panel.type)}> = ${JSON.stringify(panel.options, null, 1)};`);
    });
  });
  return [...imports, PLAIN, ...checks].join("\n");
}

// Fields of a data source's own query are not the schema's to know; the rest of an annotation is.
const QUERY_FIELDS = new Set(["refId", "hide", "queryType", "datasource", "key"]);
function withoutQueryText(board) {
  for (const annotation of board.annotations.list)
    for (const field of Object.keys(annotation.target || {}))
      if (!QUERY_FIELDS.has(field)) delete annotation.target[field];
  return board;
}

const boards = process.argv.slice(2).map((file) => withoutQueryText(JSON.parse(fs.readFileSync(file, "utf8"))));
const virtual = path.join(__dirname, "boards.check.ts");
const text = sourceFor(boards);
const options = { strict: true, noEmit: true, skipLibCheck: true, module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Bundler, target: ts.ScriptTarget.ES2022, types: [] };
const host = ts.createCompilerHost(options);
const read = host.getSourceFile.bind(host);
host.getSourceFile = (file, version) =>
  file === virtual ? ts.createSourceFile(file, text, version) : read(file, version);
const known = host.fileExists.bind(host);
host.fileExists = (file) => file === virtual || known(file);
const program = ts.createProgram([virtual], options, host);
const lines = text.split("\n");
const problems = ts.getPreEmitDiagnostics(program).map((found) => {
  const at = found.file ? found.file.getLineAndCharacterOfPosition(found.start) : { line: 0 };
  return { message: ts.flattenDiagnosticMessageText(found.messageText, "\n"), source: (lines[at.line] || "").trim() };
});
process.stdout.write(JSON.stringify(problems));
