// The parts of ECharts that the page draws with, and no others. The canvas renderer and plain-text tooltips keep the
// page within its content security policy: nothing sets a style attribute or adds a style element.
import { BarChart, LineChart } from "echarts/charts";
import { AriaComponent, GridComponent, MarkLineComponent, TooltipComponent } from "echarts/components";
import { init, use } from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";

use([AriaComponent, BarChart, CanvasRenderer, GridComponent, LineChart, MarkLineComponent, TooltipComponent]);

export { init };
