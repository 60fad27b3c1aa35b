use mainstay_errors::Problem;

use super::NotFound;

pub(super) fn write(error: &NotFound, buffer: &mut Vec<u8>) {
    Problem::new(error).write_to(buffer);
}
