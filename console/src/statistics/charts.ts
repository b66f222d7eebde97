// ECharts with only what the pie and the bars need; loaded after the figures, which stand beside them as text.
import { BarChart, PieChart } from "echarts/charts";
import { GridComponent } from "echarts/components";
import { type ECharts, type EChartsCoreOption as EChartsOption, init, use as register } from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";

register([PieChart, BarChart, GridComponent, CanvasRenderer]);

const GLIDE = 650;

export interface Part {
  name: string;
  value: number;
  color: string;
}

export interface Drawing {
  draw: (parts: readonly Part[], gap: string) => void;
  resize: () => void;
  close: () => void;
}

export type Open = (place: HTMLElement, still: boolean) => Drawing;

/** Opens a ring whose slices glide to their new sizes. */
export const openRing: Open = (place, still) =>
  open(place, (parts, gap) => ({
    ...glide(still),
    series: [
      {
        type: "pie",
        radius: ["70%", "100%"],
        startAngle: 90,
        silent: true,
        label: { show: false },
        labelLine: { show: false },
        itemStyle: { borderColor: gap, borderWidth: 2 },
        emphasis: { disabled: true },
        ...glide(still),
        data: parts.map(({ name, value, color }) => ({ name, value, itemStyle: { color } })),
      },
    ],
  }));

/** Opens a bar whose parts stand one behind the other and fill it together. */
export const openBar: Open = (place, still) =>
  open(place, (parts) => ({
    ...glide(still),
    grid: { left: 0, right: 0, top: 0, bottom: 0 },
    xAxis: { type: "value", show: false, max: Math.max(1, sum(parts)) },
    yAxis: { type: "category", show: false, data: [""] },
    series: parts.map(({ name, value, color }) => ({
      type: "bar",
      name,
      stack: "channel",
      barWidth: "100%",
      silent: true,
      emphasis: { disabled: true },
      itemStyle: { color },
      data: [value],
      ...glide(still),
    })),
  }));

function open(place: HTMLElement, describe: (parts: readonly Part[], gap: string) => EChartsOption): Drawing {
  const chart: ECharts = init(place);
  return {
    draw: (parts, gap) => chart.setOption(describe(parts, gap)),
    resize: () => chart.resize(),
    close: () => chart.dispose(),
  };
}

function glide(still: boolean) {
  return {
    animation: !still,
    animationDuration: GLIDE,
    animationDurationUpdate: GLIDE,
    animationEasing: "cubicOut",
    animationEasingUpdate: "cubicOut",
  } as const;
}

function sum(parts: readonly Part[]): number {
  return parts.reduce((total, part) => total + part.value, 0);
}
