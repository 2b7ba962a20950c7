export interface Series { name: string; values: readonly (number | null)[]; colour: string }

export interface PlotProps {
  title: string;
  names: readonly string[];
  series: readonly Series[];
  stacked?: boolean;
  /** Of 100. */
  percent?: boolean;
  most?: number;
  digits?: number;
}

export const colours = { good: '#3b8f6b', bad: '#cf1322', first: '#1668dc', second: '#e0912f', rest: '#98a2b3' };
export const many = ['#1668dc', '#e0912f', '#3b8f6b', '#8e5bd0', '#c2417c', '#4aa8c0', '#7a6a3a'];
