"""Pure rules: no input or output, no clock, no third-party import.

Words used here and everywhere else: campaign 采集批次, station 函授站, entry 入口,
student 学籍, collection code 采集码, fingerprint 码印, principal 登录身份, binding 绑定,
submission 提交, portrait 成品照, policy 照片规范, finding 结论, report 检查报告, review 审核,
delivery 交付, staff 工作人员.
"""
