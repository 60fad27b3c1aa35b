local by, record, keep = ARGV[1], ARGV[2], tonumber(ARGV[3])

if is_held and owner == by then
    local completed = entry('C', owner, 0, keep, string.sub(value, 43, HEADER))
    local saved = save(completed .. record, 'PX', keep)
    if saved.err then return saved end
    return {'stored'}
end
if state == 'C' and owner == by then
    -- A write, although there is nothing to be written: what waits for replicas waits for it.
    -- A key that somebody has told to stay has no time left to be set, and stays.
    local left = redis.call('PTTL', KEYS[1])
    if left >= 0 then redis.call('PEXPIRE', KEYS[1], math.max(left, 1)) end
    return {'stored'}
end
if state == 'C' then return {'lost', string.sub(value, HEADER + 1)} end
return {'lost'}
