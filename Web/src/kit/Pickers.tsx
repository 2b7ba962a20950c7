import { DatePicker } from 'antd';
import type { DatePickerProps } from 'antd';
import type { RangePickerProps } from 'antd/es/date-picker';

/** A time on the wall; and a span of it. Apart, because they are a large part of the library and wanted seldom in a first view. */
export const At = (props: DatePickerProps) => <DatePicker showTime={{ format: 'HH:mm' }} format="YYYY-MM-DD HH:mm" style={{ width: '100%' }} {...props} />;

export const Between = (props: RangePickerProps) => <DatePicker.RangePicker showTime={{ format: 'HH:mm', minuteStep: 15 }} format="YYYY-MM-DD HH:mm" style={{ width: '100%' }} {...props} />;
