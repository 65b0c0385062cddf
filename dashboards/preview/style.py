"""How a preview looks: panels on the board's grid; below one another on a phone."""

from __future__ import annotations

from dashboards.model.palette import BACKGROUND_DARK

STYLE = f"""
body {{ background: {BACKGROUND_DARK}; color: #e6e8ee; font: 13px/1.35 system-ui, sans-serif; margin: 16px }}
.grid {{ position: relative }}
section {{ position: absolute; box-sizing: border-box; padding: 6px 9px; background: #1a1c23;
  border: 1px solid #30333d; border-radius: 4px; overflow: hidden }}
h2 {{ position: absolute; margin: 0; font-size: 15px; padding-top: 8px }}
h3 {{ margin: 0 0 4px; font-size: 12px; font-weight: 600 }}
table {{ border-collapse: collapse; width: 100% }} td {{ padding: 1px 6px 1px 0; vertical-align: top }}
td:last-child {{ text-align: right; font-variant-numeric: tabular-nums }}
svg {{ width: 100%; height: calc(100% - 108px); min-height: 44px; display: block; margin-top: 4px }}
.lines table {{ font-size: 11px }} .scale {{ float: right; font-size: 10px }} i {{ display: inline-block;
  width: 10px; height: 3px; margin-right: 5px; vertical-align: middle }}
.big {{ font-size: 22px; font-weight: 700 }} .edges {{ display: flex; justify-content: space-between;
  font-size: 10px }} .dim {{ color: #9aa0ae }} a {{ color: #7fb6f5 }}
@media (max-width: 720px) {{
  body {{ margin: 8px; font-size: 15px }} h3, .lines table {{ font-size: 14px }} svg {{ height: 120px }}
  .grid {{ height: auto !important }} h2 {{ position: static; margin: 12px 0 6px }}
  section {{ position: static; width: auto !important; height: auto !important; margin-bottom: 8px }}
}}
"""
