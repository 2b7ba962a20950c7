import { BarChart, LineChart } from 'echarts/charts';
import { GridComponent, LegendComponent, TooltipComponent } from 'echarts/components';
import { init, use } from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';
import { useEffect, useRef } from 'react';
import { useShade } from '../kit/shade';
import type { PlotProps } from './plotted';

use([BarChart, LineChart, GridComponent, LegendComponent, TooltipComponent, SVGRenderer]);

/** What is drawn takes no colours from the page. */
const shades = { light: { ink: '#667085', axis: '#d0d5dd', split: '#eaecf0' }, dark: { ink: '#a3acb9', axis: '#4a4f57', split: '#2b2f35' } };

/** One plot. What it shows stands as figures in the table beside it, which is what counts; to a reader of the screen it says so. */
export default function Plot({ title, names, series, stacked, percent, most, digits = 0 }: PlotProps) {
  const box = useRef<HTMLDivElement>(null);
  const { ink, axis, split } = shades[useShade()];
  // Few or short names stand under their columns; many or long ones beside bars.
  const upright = names.every((n) => /^\d{4}-\d\d/.test(n)) || (names.length <= 5 && names.every((n) => n.length <= 8));
  const height = upright ? 240 : Math.max(120, names.length * (stacked || series.length === 1 ? 26 : 16 * series.length) + (series.length > 1 ? 70 : 40));
  useEffect(() => {
    const chart = init(box.current, undefined, { renderer: 'svg' });
    const say = (v: unknown) => (typeof v === 'number' ? `${v.toFixed(digits)}${percent ? ' %' : ''}` : '–');
    const named = { type: 'category' as const, data: [...names], inverse: !upright, axisLabel: { color: ink, width: upright ? undefined : 110, overflow: 'truncate' as const, hideOverlap: upright, interval: upright ? undefined : 0 }, axisTick: { show: false }, axisLine: { lineStyle: { color: axis } } };
    const counted = { type: 'value' as const, min: 0, max: percent ? 100 : most, minInterval: percent || most ? undefined : 1, axisLabel: { color: ink, formatter: percent ? '{value} %' : undefined, hideOverlap: true }, splitLine: { lineStyle: { color: split } } };
    chart.setOption({
      animation: false,
      textStyle: { fontFamily: getComputedStyle(box.current!).fontFamily }, // it measures the words itself
      grid: { left: 4, right: upright ? 8 : 52, top: series.length > 1 ? 36 : 12, bottom: 4, containLabel: true },
      legend: series.length > 1 ? { top: 0, left: 0, type: 'plain', itemWidth: 12, itemHeight: 10, textStyle: { color: ink } } : undefined,
      tooltip: { trigger: 'axis', confine: true, axisPointer: { type: 'shadow' }, valueFormatter: say },
      xAxis: upright ? named : counted,
      yAxis: upright ? counted : named,
      series: series.map((s) => ({
        type: 'bar' as const,
        name: s.name,
        data: [...s.values],
        stack: stacked ? 'all' : undefined,
        color: s.colour,
        barMaxWidth: 28,
        barGap: '15%',
        label: stacked || (upright && names.length > 12) ? undefined : { show: true, position: upright ? ('top' as const) : ('right' as const), color: ink, fontSize: 11, formatter: (p: { value?: unknown }) => (p.value == null ? '' : say(p.value)) },
      })),
    });
    const fits = new ResizeObserver(() => chart.resize());
    fits.observe(box.current!);
    return () => {
      fits.disconnect();
      chart.dispose();
    };
  });
  return <div ref={box} role="img" aria-label={title} style={{ height }} />;
}
