local by, record, keep = ARGV[1], ARGV[2], tonumber(ARGV[3])
local has_replicas = ARGV[4] == '1'

if is_held and owner == by then
    local completed = entry('C', owner, 0, keep, string.sub(value, 43, HEADER))
    local saved = save(completed .. record, 'PX', keep)
    if saved.err then return saved end
    return {'stored'}
end
if state ~= 'C' then return {'lost'} end
if has_replicas then touch() end
if owner == by then return {'stored'} end
return {'late', string.sub(value, HEADER + 1)}
