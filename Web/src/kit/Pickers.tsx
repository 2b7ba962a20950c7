import config from '@rc-component/picker/generate/dayjs';
import type { DatePickerProps } from 'antd';
import generatePicker from 'antd/es/date-picker/generatePicker';
import type { RangePickerProps } from 'antd/es/date-picker';
import dayjs from 'dayjs';
import { wallOf } from './times';

/*
 * What a picker shows is the community's wall, wherever the browser is: so are its "now" and its "today". All pickers of the client are these;
 * apart, because they are a large part of the library and wanted seldom in a first view.
 */

const generated = new Map<string, ReturnType<typeof generatePicker<dayjs.Dayjs>>>();

function pickersOf(zone: string): ReturnType<typeof generatePicker<dayjs.Dayjs>> {
  const pickers = generated.get(zone) ?? generatePicker<dayjs.Dayjs>({ ...config, getNow: () => wallOf(dayjs(), zone) });
  generated.set(zone, pickers);
  return pickers;
}

interface Timed {
  /** Of the community whose time it is. */
  zone: string;
  /** Minutes. */
  step?: number;
}

const time = 'YYYY-MM-DD HH:mm';
const clock = (step?: number) => ({ format: 'HH:mm', ...(step ? { minuteStep: step as 5 | 15 } : {}) });

/** A panel may open under a pointer that rests: the day that lies there would come to stand in the field, among what is being typed. */
const typed = { previewValue: false } as const;

/** A time. */
export function At({ zone, step, ...props }: DatePickerProps & Timed) {
  const Picker = pickersOf(zone);
  return <Picker {...typed} showTime={clock(step)} format={time} style={{ width: '100%' }} {...props} />;
}

/** From a time to a time. */
export function Between({ zone, step, ...props }: RangePickerProps & Timed) {
  const { RangePicker } = pickersOf(zone);
  return <RangePicker {...typed} showTime={clock(step)} format={time} style={{ width: '100%' }} {...props} />;
}

/** A day, or the week that it is in. */
export function OnDay({ zone, ...props }: DatePickerProps & Pick<Timed, 'zone'>) {
  const Picker = pickersOf(zone);
  return <Picker {...typed} style={{ width: '100%' }} {...props} />;
}

/** From a day to a day. */
export function Days({ zone, ...props }: RangePickerProps & Pick<Timed, 'zone'>) {
  const { RangePicker } = pickersOf(zone);
  return <RangePicker {...typed} {...props} />;
}
