// What Grafana's own code makes of values: reads [{fieldConfig, values}] from stdin, prints text and colour of each.
// values may hold null. The theme is Grafana's dark one.
const fs = require("fs");
if (typeof navigator === "undefined") globalThis.navigator = { language: "en-US", languages: ["en-US"] };
const { createTheme, FieldType, getDisplayProcessor } = require("@grafana/data");

const theme = createTheme({ colors: { mode: "dark" } });
const asked = JSON.parse(fs.readFileSync(0, "utf8"));
const shown = asked.map(({ fieldConfig, values }) => {
  const field = { name: "value", type: FieldType.number, config: fieldConfig.defaults, values };
  const show = getDisplayProcessor({ field, theme });
  return values.map((value) => {
    const display = show(value);
    return { text: (display.prefix || "") + display.text + (display.suffix || ""), color: display.color };
  });
});
process.stdout.write(JSON.stringify(shown));
