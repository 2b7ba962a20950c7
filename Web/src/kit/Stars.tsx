import { Rate } from 'antd';
import type { RateProps } from 'antd';

/** One to five. A form says of its fields whether they are needed; of these stars nobody may say it. */
export const Stars = ({ 'aria-required': _, ...props }: RateProps & { 'aria-required'?: boolean }) => <Rate {...props} />;
